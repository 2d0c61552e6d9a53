/** Compares the worked examples on the format pages with what the library writes. */
import assert from "node:assert/strict";
import { type Format, loadSigs } from "rsync-streams";
import { LayeredSig, layeredSigStream } from "rsync-streams/sync";
import { hex, makeDelta, makeSig, patch, SALT, source, toBytes } from "./_helpers.ts";

const ROOT = new URL("../", import.meta.url);
const FORMATS: readonly Format[] = ["rsync-streams", "librsync", "luapower"];

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The file that the page's shell commands write with `printf`. */
function inputFile(page: string, name: string): Uint8Array<ArrayBuffer> {
  const text = page.match(new RegExp(`^printf '%s' '([^']*)' > ${name}$`, "m"))![1]!;
  return new TextEncoder().encode(text);
}

/** The bytes of a block of hex in two-digit groups; a comment follows after two spaces or more. */
function outputFile(page: string, name: string): string {
  const block = page.match(new RegExp(`^\`\`\`hex ${name}\\n([^]*?)^\`\`\`$`, "m"))![1]!;
  return block.trimEnd().split("\n").map((line) => line.match(/^[0-9a-f]{2}( [0-9a-f]{2})*(?= {2}|$)/)![0]).join(" ");
}

/** The number after an option of the page's signature command. */
function lengthOption(page: string, option: string): number | undefined {
  const value = page.match(new RegExp(`^rsync-streams signature .*${option} (\\d+)`, "m"))?.[1];
  return value === undefined ? undefined : Number(value);
}

function spaced(bytes: Uint8Array): string {
  return hex(bytes).replaceAll(/(..)(?=.)/g, "$1 ");
}

for (const format of FORMATS) {
  Deno.test(`the worked example of the ${format} format is what the library writes`, async () => {
    const page = read(`docs/formats/${format}.md`);
    const basis = inputFile(page, "basis");
    const target = inputFile(page, "target");
    const blockLength = lengthOption(page, "-b")!;
    const told = format === "luapower" ? { format, blockLength } : {};

    const sig = await makeSig(basis, { format, blockLength, strongLength: lengthOption(page, "-S") });
    assert.equal(spaced(sig.bytes), outputFile(page, "sig"));
    const delta = await makeDelta(target, await loadSigs(sig.bytes, told));
    assert.equal(spaced(delta.bytes), outputFile(page, "delta"));
    assert.deepEqual(await patch(basis, delta.bytes, told), target);

    assert.ok(page.includes(`The signature, ${sig.bytes.length} bytes`), "length of the signature");
    assert.ok(page.includes(`The delta, ${delta.bytes.length} bytes`), "length of the delta");
  });
}

Deno.test("the worked example of a layered signature is what the library writes, at the offsets it says", async () => {
  const page = read("docs/formats/rsync-streams.md");
  const basis = inputFile(page, "basis");
  const layers = [{ blockLength: 64, strongLength: 4 }, { blockLength: 16, strongLength: 2 }];
  const label = { entityTag: '"v1"', modifiedMs: Date.UTC(2026, 0, 1) };
  const bytes = await toBytes(source(basis).pipeThrough(layeredSigStream({ layers, salt: SALT, ...label })));
  assert.equal(spaced(bytes), outputFile(page, "layered"));
  assert.ok(page.includes(`The layered signature, ${bytes.length} bytes`), "length");

  const { footer } = await LayeredSig.open(bytes);
  assert.deepEqual([footer.layers, footer.fileLength], [layers, basis.length]);
  assert.equal((await loadSigs(bytes)).sigCount, 5);
  const block = page.match(/^```hex layered\n([^]*?)^```$/m)![1]!;
  let at = 0;
  for (const line of block.trimEnd().split("\n")) {
    const place = line.match(/ at (\d+)/)?.[1];
    if (place !== undefined) assert.equal(at, Number(place), line);
    at += line.match(/^[0-9a-f]{2}( [0-9a-f]{2})*/)![0].split(" ").length;
  }
});
