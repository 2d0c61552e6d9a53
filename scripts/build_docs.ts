/**
 * Writes the API reference as static HTML to `.cache/docs`. In GitHub Actions its links to sources lead to the commit.
 *
 *     deno task docs
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { denoDoc } from "./deno_doc.ts";
import { readManifest, ROOT } from "./npm_tools.ts";

const NAME = "rsync-streams";
const OUTPUT = join(ROOT, ".cache/docs");
/** The pages of `deno doc` are wider than a phone: its header does not wrap, and code widens what is around it. */
const STYLE = `
.ddoc > div, .ddoc article, .ddoc section { min-width: 0; max-width: 100%; }
@media (max-width: 640px) {
  #topnav { height: auto; }
  #topnav > div { flex-wrap: wrap; gap: 0.5rem; }
  #searchbar { min-width: 0; width: 12rem; }
  .ddoc .breadcrumbs { flex-wrap: wrap; }
}
`;

const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA } = process.env;
/** Where the sources can be read, if that is known. */
const sourceUrl = GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/blob/${GITHUB_SHA}/`;

/** How `deno doc` names entry points, and how users import them. */
const entries = Object.keys(readManifest().exports).map((key) => {
  const name = key.replace("./", "");
  return { name, specifier: name === "." ? NAME : `${NAME}/${name}` };
});

const escape = (text: string) => text.replaceAll("/", "&#x2F;");
/** What links to sources start with. */
const localSource = escape(pathToFileURL(join(ROOT, "/")).href);
const SOURCE_LINK = /<a\s+class="sourceButton"\s+href="([^"]*)"[^>]*>[^]*?<\/a>/g;

/** Mends what `deno doc` cannot know: how the package is called, and where its sources are. */
function mend(page: string): string {
  const imports = entries.reduce((text, { name, specifier }) => {
    return text.replaceAll(`from &quot;${name}&quot;`, `from &quot;${specifier}&quot;`);
  }, page);
  return imports.replace(SOURCE_LINK, (link, href: string) => {
    if (!href.startsWith(localSource)) return link;
    return sourceUrl ? link.replace(localSource, escape(sourceUrl)) : "";
  });
}

/** Adds what the first page of `deno doc` lacks: links to the other entry points. */
function addEntries(page: string): string {
  const items = entries.filter(({ name }) => name !== ".").map(({ name, specifier }) => {
    return `<li><a href="${name}/index.html">${specifier}</a></li>`;
  });
  const list = `<section class="markdown"><h2>Other entry points</h2><ul>${items.join("")}</ul></section>`;
  if (!page.includes("</main>")) throw new Error("Cannot add the entry points: the first page has no </main>");
  return page.replace("</main>", `${list}</main>`);
}

/** Links of a page that lead nowhere. */
function brokenLinks(path: string): string[] {
  const hrefs = readFileSync(path, "utf8").matchAll(/\bhref="([^"]*)"/g);
  return Array.from(hrefs, ([, href]) => href!.replaceAll("&#x2F;", "/")).filter((href) => {
    if (/^https?:/.test(href)) return false;
    const [file = "", anchor] = href.split("#");
    const target = file === "" ? path : join(dirname(path), decodeURI(file), file.endsWith("/") ? "index.html" : "");
    if (!existsSync(target)) return true;
    return anchor ? !readFileSync(target, "utf8").includes(`id="${anchor}"`) : false;
  }).map((href) => `${relative(OUTPUT, path)}: ${href}`);
}

rmSync(OUTPUT, { recursive: true, force: true });
mkdirSync(OUTPUT, { recursive: true });
denoDoc("--html", `--name=${NAME}`, `--output=${OUTPUT}`);
const pages = readdirSync(OUTPUT, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".html"))
  .map((path) => join(OUTPUT, path));
for (const page of pages) writeFileSync(page, mend(readFileSync(page, "utf8")));
const first = join(OUTPUT, "index.html");
writeFileSync(first, addEntries(readFileSync(first, "utf8")));
appendFileSync(join(OUTPUT, "page.css"), STYLE);
const broken = pages.flatMap(brokenLinks);
if (broken.length > 0) {
  console.error(`Cannot write the reference: links that lead nowhere:\n${broken.join("\n")}`);
  process.exit(1);
}
console.log(`${relative(ROOT, OUTPUT)}: ${pages.length} pages`);
