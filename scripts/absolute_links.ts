/**
 * Makes the links of README and CHANGELOG lead to the repository at a tag, for registries: these files are published,
 * and what they link to is not.
 *
 *     deno run -A scripts/absolute_links.ts URL TAG   # changes the files, before `deno publish`
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "./npm_tools.ts";

/** Pages that are published. */
export const PUBLISHED_PAGES = ["README.md", "CHANGELOG.md"];

/** Links and images of Markdown: `[text](target)`, `![text](target)`. Code blocks and code in a line are left out. */
export const MARKDOWN_LINK = /^```[^]*?^```$|`[^`\n]*`|(!?)(\[(?:[^\][`]|`[^`]*`)*\])\(([^()\s]+)\)/gm;

/**
 * Replaces relative links of a page at the root of the repository.
 *
 * @param page Markdown.
 * @param repository URL of the repository on GitHub.
 * @param tag The tag that they lead to.
 */
export function absoluteLinks(page: string, repository: string, tag: string): string {
  return page.replace(MARKDOWN_LINK, (all, image: string | undefined, text: string, target: string) => {
    if (target === undefined || /^(\w+:|#)/.test(target)) return all;
    // Pages and sources are shown as `blob`; images are fetched as `raw`.
    return `${image}${text}(${repository}/${image ? "raw" : "blob"}/${tag}/${target})`;
  });
}

if (import.meta.main) {
  const [repository, tag] = process.argv.slice(2);
  if (!repository || !tag) {
    throw new TypeError("Cannot change links: the URL of the repository and a tag were expected");
  }
  for (const page of PUBLISHED_PAGES) {
    const path = join(ROOT, page);
    writeFileSync(path, absoluteLinks(readFileSync(path, "utf8"), repository, tag));
  }
}
