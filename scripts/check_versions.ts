/**
 * Checks that the version is the same everywhere: in deno.json, the changelog, the command and, if it was built, the
 * npm package. On a tag (`GITHUB_REF_TYPE=tag`) it checks the tag too, and that the changelog has a date.
 *
 *     deno task check:versions
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readManifest, ROOT } from "./npm_tools.ts";

const { version } = readManifest();
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const heading = /^## (\S+) \(([^)]+)\)$/m.exec(read("CHANGELOG.md"));
const versions: [string, string | undefined][] = [
  ["deno.json", version],
  ["the first heading of CHANGELOG.md", heading?.[1]],
  ["src/cli/version.ts", /VERSION = "([^"]+)"/.exec(read("src/cli/version.ts"))?.[1]],
];
if (existsSync(join(ROOT, "npm/package.json"))) {
  versions.push(["npm/package.json", JSON.parse(read("npm/package.json")).version]);
}
const isTag = process.env.GITHUB_REF_TYPE === "tag";
if (isTag) versions.push(["the tag", process.env.GITHUB_REF_NAME?.replace(/^v/, "")]);

const problems = versions.filter(([, found]) => found !== version).map(([where, found]) =>
  `${where} has ${found}, not ${version}`
);
if (!/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/.test(version)) problems.push(`${version} is not a semantic version`);
if (isTag && !/^\d{4}-\d\d-\d\d$/.test(heading?.[2] ?? "")) {
  problems.push(`CHANGELOG.md has "${heading?.[2]}" for ${version}, not a date`);
}
if (problems.length > 0) {
  for (const problem of problems) console.error(problem);
  process.exit(1);
}
console.log(`version ${version} in ${versions.map(([where]) => where).join(", ")}`);
