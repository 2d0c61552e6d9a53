/** Links of all pages lead to files of the repository, and to headings that are there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { absoluteLinks, MARKDOWN_LINK, PUBLISHED_PAGES } from "../scripts/absolute_links.ts";
import { ROOT } from "../scripts/npm_tools.ts";

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
const PAGES = files.trimEnd().split("\n").filter((path) => path.endsWith(".md") && existsSync(join(ROOT, path)));

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** What the links of a page lead to. */
function targetsOf(page: string): string[] {
  return Array.from(page.matchAll(MARKDOWN_LINK), ([, , , target]) => target).filter((target) => target !== undefined);
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of page.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/^#{1,6} (.*)$/gm)) {
    const words = heading!.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-");
    let anchor = words;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${words}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

Deno.test("links of pages lead to files and headings of the repository", () => {
  assert.ok(PAGES.includes("README.md") && PAGES.length > 15, `${PAGES.length} pages`);
  const broken: string[] = [];
  let count = 0;
  for (const page of PAGES) {
    for (const target of targetsOf(read(page)).filter((target) => !/^\w+:/.test(target))) {
      count++;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : relative(ROOT, join(ROOT, dirname(page), path));
      const isThere = existsSync(join(ROOT, file)) && !file.startsWith("..");
      if (!isThere || anchor !== undefined && !anchorsOf(read(file)).has(anchor)) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(count > 100, `${count} links`);
});

Deno.test("links of published pages lead to the repository", () => {
  const repository = "https://github.com/someone/rsync-streams";
  for (const page of PUBLISHED_PAGES) {
    const before = targetsOf(read(page));
    const after = targetsOf(absoluteLinks(read(page), repository, "v1.2.3"));
    assert.equal(after.length, before.length);
    for (const [i, target] of after.entries()) {
      if (/^(https:|#)/.test(before[i]!)) assert.equal(target, before[i]);
      else assert.match(target, /^https:\/\/github\.com\/someone\/rsync-streams\/(blob|raw)\/v1\.2\.3\//);
    }
  }
  const page = "![a](docs/a.svg) [b](docs/b.md#c) [d](#d) `[e](e)` [`f`](f)\n```sh\n[g](g)\n```\n";
  const expected = page.replace("docs/a", `${repository}/raw/v1/docs/a`).replace(
    "docs/b",
    `${repository}/blob/v1/docs/b`,
  )
    .replace("](f)", `](${repository}/blob/v1/f)`);
  assert.equal(absoluteLinks(page, repository, "v1"), expected);
});
