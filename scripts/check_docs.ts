/**
 * Checks that each entry point has documentation, and each symbol that it exports has documentation and an example.
 * `deno task test:doc` runs the examples.
 *
 *     deno task check:docs
 */
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { denoDoc } from "./deno_doc.ts";
import { ROOT } from "./npm_tools.ts";

/** What this script reads of `deno doc --json`. */
interface DocJson {
  nodes: Record<string, { module_doc?: JsDoc; symbols: { name: string; declarations: Declaration[] }[] }>;
}

interface Declaration {
  /** `reference`: declared in another module. */
  kind: string;
  location: { filename: string; line: number };
  jsDoc?: JsDoc;
}

interface JsDoc {
  doc?: string;
  tags?: { kind: string }[];
}

/** Types that stand for those of the platform. Nobody writes their names: the examples are those of `ByteSource`. */
const PLATFORM_TYPES = "src/common/platform_types.ts";

const { nodes } = JSON.parse(denoDoc("--json")) as DocJson;
const root = pathToFileURL(join(ROOT, "/")).href;
const declared = new Set<string>();
const referenced: { name: string; place: string }[] = [];
const faults: string[] = [];
for (const [url, { module_doc, symbols }] of Object.entries(nodes)) {
  if (!module_doc?.doc?.trim()) faults.push(`${url.replace(root, "")}: the entry point has no documentation`);
  for (const { name, declarations } of symbols) {
    for (const { kind, location, jsDoc } of declarations) {
      const place = `${location.filename.replace(root, "")}:${location.line}`;
      if (kind === "reference") {
        referenced.push({ name, place });
        continue;
      }
      declared.add(name);
      if (!jsDoc?.doc?.trim()) faults.push(`${place}: ${name} has no documentation`);
      if (place.startsWith(PLATFORM_TYPES)) continue;
      if (!jsDoc?.tags?.some((tag) => tag.kind === "example")) faults.push(`${place}: ${name} has no example`);
    }
  }
}
for (const { name, place } of referenced) {
  if (!declared.has(name)) faults.push(`${place}: ${name} is documented at no entry point`);
}
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`Checked the documentation of ${declared.size} symbols`);
