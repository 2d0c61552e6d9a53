/**
 * Checks that everything that tells the version tells the same: deno.json, the changelog, the command, and the npm package if it
 * was built. On a tag (`GITHUB_REF_TYPE=tag`) the tag too, and the changelog has to have a date then.
 *
 *     deno task check:versions
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readManifest, ROOT } from "./_npm_tools.ts";

const { version } = readManifest();
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const heading = /^## (\S+) \(([^)]+)\)$/m.exec(read("CHANGELOG.md"));
const told: [string, string | undefined][] = [
  ["deno.json", version],
  ["the first heading of CHANGELOG.md", heading?.[1]],
  ["src/cli/version.ts", /VERSION = "([^"]+)"/.exec(read("src/cli/version.ts"))?.[1]],
];
if (existsSync(join(ROOT, "npm/package.json"))) {
  told.push(["npm/package.json", JSON.parse(read("npm/package.json")).version]);
}
const isTag = process.env.GITHUB_REF_TYPE === "tag";
if (isTag) told.push(["the tag", process.env.GITHUB_REF_NAME?.replace(/^v/, "")]);

const problems = told.filter(([, one]) => one !== version).map(([where, one]) =>
  `${where} tells ${one}, not ${version}`
);
if (!/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/.test(version)) problems.push(`${version} is no version of semver`);
if (isTag && !/^\d{4}-\d\d-\d\d$/.test(heading?.[2] ?? "")) {
  problems.push(`CHANGELOG.md has no date for ${version}, but "${heading?.[2]}"`);
}
if (problems.length > 0) {
  for (const problem of problems) console.error(problem);
  process.exit(1);
}
console.log(`version ${version} in ${told.map(([where]) => where).join(", ")}`);
