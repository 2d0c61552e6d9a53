/** A basis can be whatever a platform calls an open file. */
import assert from "node:assert/strict";
import { Blob as NodeBlob, Buffer } from "node:buffer";
import { openAsBlob } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Basis, encodeDeltaStream, patchStream, type SeekableBasis } from "rsync-streams";
import { fetchUpdate, sendUpdate, syncHandler } from "rsync-streams/http";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { assertBytes, makeDelta, makeSigs, patch, toBytes } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

// What a caller without types may write.
// deno-lint-ignore no-explicit-any
type Anything = any;

const BASIS = concat([randomBytes(1, 300_000), make({ gen: "text", seed: 2, len: 100_000 })]);
const TARGET = concat([BASIS.subarray(200_000), randomBytes(3, 500), BASIS.subarray(0, 200_000)]);
const { bytes: DELTA } = await makeDelta(TARGET, await makeSigs(BASIS));
const LAYERED = await toBytes(new Blob([TARGET]).stream().pipeThrough(layeredSigStream({ fileLength: TARGET.length })));

/** Copies of 1 to 80 bytes, from both ends of the basis in turn, often enough to fill more than one chunk. */
const SHORT_COPIES = makeShortCopies();

async function makeShortCopies() {
  const commands = [];
  for (let k = 0; k < 800; k++) {
    const length = 1 + k % 80;
    commands.push({ copy: { offset: k % 2 ? BASIS.length - length - k : k, length } });
  }
  commands.push({ copy: { offset: 0, length: 2 ** 18 } }, { copy: { offset: 7, length: 3 * 2 ** 18 / 2 } });
  const all = [commands, commands, commands].flat();
  return {
    delta: await toBytes(ReadableStream.from(all).pipeThrough(encodeDeltaStream())),
    target: concat(all.map(({ copy }) => BASIS.subarray(copy.offset, copy.offset + copy.length))),
  };
}

const folder = await mkdtemp(join(tmpdir(), "rsync-streams-basis-"));
Deno.test.afterAll(() => rm(folder, { recursive: true }));

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, crypto.randomUUID());
  await writeFile(path, bytes);
  return path;
}

/** What stands for a file of the origin private file system, which Deno does not have. */
class AccessHandle {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  /** Short reads, as Web IDL allows. */
  read(buffer: Uint8Array, options: { at: number }): number {
    if (typeof options !== "object") throw new TypeError("parameter 2 is not of type 'FileSystemReadWriteOptions'");
    const piece = this.#bytes.subarray(options.at, options.at + Math.min(buffer.length, 70_000));
    buffer.set(piece);
    return piece.length;
  }
  getSize(): number {
    return this.#bytes.length;
  }
}

/** Each kind, and what closes it. */
const KINDS: Record<string, (bytes: Uint8Array<ArrayBuffer>) => Promise<[Basis, (() => unknown)?]>> = {
  "a Blob": (bytes) => Promise.resolve([new Blob([bytes])]),
  "a File": (bytes) => Promise.resolve([new File([bytes], "basis")]),
  "a Blob of node:buffer": (bytes) => Promise.resolve([new NodeBlob([bytes])]),
  "a Blob of openAsBlob()": async (bytes) => [await openAsBlob(await fileOf(bytes))],
  "an ArrayBuffer": (bytes) => Promise.resolve([bytes.slice().buffer]),
  "a Uint8Array": (bytes) => Promise.resolve([bytes]),
  "a DataView": (bytes) => Promise.resolve([new DataView(bytes.slice().buffer)]),
  "a Buffer": (bytes) => Promise.resolve([Buffer.from(bytes)]),
  "a FileHandle of Node": async (bytes) => {
    const handle = await open(await fileOf(bytes));
    return [handle, () => handle.close()];
  },
  "a Deno.FsFile": async (bytes) => {
    const file = await Deno.open(await fileOf(bytes));
    return [file, () => file.close()];
  },
  "a FileSystemFileHandle": (bytes) =>
    Promise.resolve([{ kind: "file", getFile: () => Promise.resolve(new File([bytes], "basis")) }]),
  "a FileSystemSyncAccessHandle": (bytes) => Promise.resolve([new AccessHandle(bytes)]),
  "{ seek, read }": (bytes) => Promise.resolve([seekable(bytes)]),
};

function seekable(bytes: Uint8Array): SeekableBasis {
  let position = 0;
  return {
    size: bytes.length,
    seek: (offset) => position = offset,
    async read(buffer, length) {
      await setImmediate();
      const piece = bytes.subarray(position, position + length);
      buffer.set(piece);
      return piece.length;
    },
  };
}

async function withBasis(name: string, bytes: Uint8Array<ArrayBuffer>, use: (basis: Basis) => Promise<void>) {
  const [basis, close] = await KINDS[name]!(bytes);
  try {
    await use(basis);
  } finally {
    await close?.();
  }
}

for (const name of Object.keys(KINDS)) {
  Deno.test(`a basis can be ${name}`, () =>
    withBasis(name, BASIS, async (basis) => {
      assertBytes(await patch(basis, DELTA), TARGET, "the target");
      const plan = await planSync(await LayeredSig.open(LAYERED), basis);
      assert.ok(plan.missingLength < 5000, `${plan.missingLength} bytes are missing`);
    }));

  Deno.test(`copies of each length, far from each other, come out of ${name}`, () =>
    withBasis(name, BASIS, async (basis) => {
      const { delta, target } = await SHORT_COPIES;
      assertBytes(await patch(basis, delta), target, "the target");
    }));

  Deno.test(`two patches at the same time have ${name} as their basis`, () =>
    withBasis(name, BASIS, async (basis) => {
      const { delta, target } = await SHORT_COPIES;
      const [first, second] = await Promise.all([patch(basis, delta), patch(basis, DELTA)]);
      assertBytes(first, target, "the first target");
      assertBytes(second, TARGET, "the second target");
    }));

  Deno.test(`a layered signature can be ${name}`, () =>
    withBasis(name, LAYERED, async (basis) => {
      assert.equal((await LayeredSig.open(basis)).footer.fileLength, TARGET.length);
    }));

  Deno.test(`a local file of fetchUpdate() and sendUpdate() can be ${name}`, () =>
    withBasis(name, BASIS, async (basis) => {
      let remote = TARGET;
      const handler = syncHandler({
        open: () => ({ basis: remote, size: remote.length, entityTag: `"${remote.length}"` }),
        commit: async (_url, readable) => void (remote = await toBytes(readable)),
      });
      const options = { fetch: (url: string, init: RequestInit) => handler(new Request(url, init)) };
      const { readable } = await fetchUpdate("http://localhost/file", basis, options);
      assertBytes(await toBytes(readable), TARGET, "the target");
      await sendUpdate("http://localhost/file", basis, options);
      assertBytes(remote, BASIS, "what the server has");
    }));
}

Deno.test("an open file that is empty has no layered signature", async () => {
  for (const name of ["a FileHandle of Node", "a Deno.FsFile", "a FileSystemFileHandle"]) {
    await withBasis(name, new Uint8Array(0), async (basis) => {
      await assert.rejects(LayeredSig.open(basis), { code: "bad-magic" });
    });
  }
});

const REFUSED: [string, unknown, RegExp][] = [
  ["nothing", undefined, /undefined was given/],
  ["null", null, /null was given/],
  ["a path", "/tmp/basis", /a string was given.*fileBasis\(\)/],
  ["a promise", Promise.resolve(new Blob()), /a promise, which nobody awaited/],
  ["a stream", new Blob().stream(), /an object of ReadableStream was given/],
  ["a Response", new Response(), /an object of Response was given/],
  ["a folder of the File System API", { kind: "directory", getFileHandle() {} }, /an object of Object was given/],
  ["an array of chunks", [new Uint8Array(5)], /an object of Array was given/],
];

for (const [name, value, message] of REFUSED) {
  Deno.test(`a basis that is ${name} is refused in words`, async () => {
    assert.throws(() => patchStream(value as Anything), { name: "TypeError", message });
    await assert.rejects(LayeredSig.open(value as Anything), { name: "TypeError", message });
    if (value === undefined || value === null) return;
    await assert.rejects(fetchUpdate("http://localhost/", value as Anything, { fetch: () => assert.fail() }), {
      name: "TypeError",
      message,
    });
  });
}
