/** A fault of the source, the basis, the sink, the disk or the network, at each step. */
import assert from "node:assert/strict";
import { patchStream } from "rsync-streams";
import { atomicWritable } from "rsync-streams/files";
import { fetchUpdate, HttpError } from "rsync-streams/http";
import { exec, inFolder, names } from "./_cli_runner.ts";
import { assertBytes } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";
import { FAULT, type Inputs, inputsOf, PIPES, Steps } from "./faulty_pipes.ts";
import { hostOf, publish } from "./http/memory_host.ts";
import { settle } from "./_until.ts";

const BASIS = randomBytes(1, 3000);
const TARGET = concat([BASIS.subarray(1000), randomBytes(2, 500), BASIS.subarray(0, 1500)]);
const small = await inputsOf(BASIS, TARGET, 64, 400);

/** Runs a pipe with a fault at a step, and checks what came of it. */
async function checkFault(name: string, inputs: Inputs, at: number, expected: Uint8Array): Promise<void> {
  const written: Uint8Array[] = [];
  const steps = new Steps(at);
  await assert.rejects(PIPES[name]!(steps, written, inputs), (error) => error === FAULT, `step ${at}`);
  const { failed, cancelled, aborted } = steps.seen;
  const isPipe = name.endsWith("Stream()") || name.startsWith("three");
  if (failed === "sink") assert.equal(aborted, undefined, `step ${at}`);
  else if (isPipe) assert.equal(aborted, FAULT, `step ${at}: the sink was not aborted`);
  if (failed === "source") assert.equal(cancelled, undefined, `step ${at}`);
  const made = concat(written);
  assertBytes(
    made,
    expected.subarray(0, made.length),
    `step ${at}: what was written, and the start of the right result`,
  );
  // A basis is read for bytes that are missing. The end of a source may come when all has been made.
  if (isPipe && failed === "basis") assert.ok(made.length < expected.length, `step ${at}`);
  // Nothing goes on afterwards.
  const { count } = steps;
  await settle();
  assert.equal(steps.count, count, `step ${at}: ${steps.count - count} steps after the end`);
}

async function faultless(name: string, inputs: Inputs): Promise<{ count: number; expected: Uint8Array }> {
  const written: Uint8Array[] = [];
  const steps = new Steps();
  await PIPES[name]!(steps, written, inputs);
  return { count: steps.count, expected: concat(written) };
}

for (const name of Object.keys(PIPES)) {
  Deno.test(`${name} passes on a fault of source, basis or sink, at each step`, async () => {
    const { count, expected } = await faultless(name, small);
    assert.ok(count >= 2, `${count} steps`);
    for (let at = 0; at < count; at++) await checkFault(name, small, at, expected);
  });
}

Deno.test("each stage passes on faults at random steps of a long file", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]! || 1;
  console.log(`seed ${seed}`);
  const random = xorshift(seed);
  const basis = randomBytes(3, 3 * 2 ** 20);
  const target = concat([basis.subarray(2 ** 20), randomBytes(4, 2 ** 20), basis.subarray(0, 2 ** 21)]);
  const long = await inputsOf(basis, target, 4096, 50_000);
  for (const name of Object.keys(PIPES)) {
    const { count, expected } = await faultless(name, long);
    for (let i = 0; i < 4; i++) await checkFault(name, long, random.below(count), expected);
  }
});

Deno.test("a patch into a file leaves the old file and no other, whatever step fails", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/file`;
    const attempt = async (steps: Steps) => {
      await Deno.writeTextFile(path, "what was there");
      const patched = steps.source(small.delta, 100).pipeThrough(patchStream(steps.basis(BASIS)));
      await patched.pipeTo(atomicWritable(path));
    };
    const steps = new Steps();
    await attempt(steps);
    assertBytes(await Deno.readFile(path), TARGET);
    for (let at = 0; at < steps.count; at++) {
      await assert.rejects(attempt(new Steps(at)), (error) => error === FAULT, `step ${at}`);
      assert.equal(await Deno.readTextFile(path), "what was there");
      assert.deepEqual(await names(folder), ["file"]);
    }
  });
});

/** Mounts a tmpfs of some pages, if this user may. */
async function mountSmall(folder: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  const { code } = await exec(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder])
    .catch(() => ({ code: 1 }));
  return code === 0;
}

/** Users of CI machines are not always allowed to mount: /dev/full is tested in files_writable_test.ts. */
async function mayMount(): Promise<boolean> {
  const folder = await Deno.makeTempDir();
  const isMounted = await mountSmall(folder);
  if (isMounted) await exec(["umount", folder]);
  else console.warn("\nSKIPPED: this user may not mount a tmpfs, so no disk is full\n");
  await Deno.remove(folder);
  return isMounted;
}

Deno.test("a patch into a file on a full disk fails, and leaves the old file and no other", {
  ignore: !await mayMount(),
}, async () => {
  await inFolder(async (folder) => {
    assert.ok(await mountSmall(folder));
    try {
      await Deno.writeTextFile(`${folder}/file`, "what was there");
      const long = await inputsOf(randomBytes(5, 100_000), randomBytes(6, 100_000), 512, 10_000);
      const patched = new Steps().source(long.delta, 5000).pipeThrough(patchStream(long.basis));
      await assert.rejects(patched.pipeTo(atomicWritable(`${folder}/file`)), { code: "ENOSPC" });
      assert.equal(await Deno.readTextFile(`${folder}/file`), "what was there");
      assert.deepEqual(await names(folder), ["file"]);
      // What fits is written afterwards.
      await new Steps().source(small.delta, 100).pipeThrough(patchStream(BASIS)).pipeTo(
        atomicWritable(`${folder}/file`),
      );
      assertBytes(await Deno.readFile(`${folder}/file`), TARGET);
    } finally {
      await exec(["umount", folder]);
    }
  });
});

/** An update of a file over a network in which requests, and chunks of answers, are steps. */
async function update(
  steps: Steps,
  files: Record<string, Uint8Array<ArrayBuffer>>,
  { basis = BASIS, chunkLength = 700 } = {},
): Promise<Uint8Array> {
  const host = hostOf(files);
  const fetch = async (url: string, init: RequestInit) => {
    steps.step("request");
    const response = await host.fetch(url, init);
    const { status, headers } = response;
    const body = response.body && steps.source(await response.bytes(), chunkLength);
    return new Response(body, { status, headers });
  };
  const { readable } = await fetchUpdate("http://host.invalid/file", basis, { fetch });
  return await new Response(readable).bytes();
}

Deno.test("fetchUpdate() ends in the file or in an error of the network, whatever step of it fails", async () => {
  const files = { "/file": TARGET, "/file.rsig": await publish(TARGET) };
  const steps = new Steps();
  assertBytes(await update(steps, files), TARGET);
  assert.ok(steps.count > 4, `${steps.count} steps`);
  await Promise.all(Array.from({ length: steps.count }, async (_, at) => {
    // Once: it tries again.
    assertBytes(await update(new Steps(at), files), TARGET, `step ${at}: the update and the file`);
    try {
      // Only the end of a body whose bytes have all come is not needed.
      assertBytes(await update(new Steps(at, true), files), TARGET, `step ${at}: the update and the file`);
      assert.equal(at, steps.count - 1);
    } catch (error) {
      assert.ok(error instanceof HttpError && error.code === "network", `step ${at}: ${error}`);
    }
  }));
});

Deno.test("fetchUpdate() of a long file ends in the file, whatever random step fails once", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]! || 1;
  console.log(`seed ${seed}`);
  const random = xorshift(seed);
  const basis = randomBytes(7, 2 ** 20);
  const pieces = Array.from(
    { length: 20 },
    (_, i) => [basis.subarray(i * 50_000, (i + 1) * 50_000), randomBytes(i + 8, 900)],
  );
  const target = concat(pieces.flat());
  const files = { "/file": target, "/file.rsig": await publish(target) };
  const size = { basis, chunkLength: 3000 };
  const steps = new Steps();
  assertBytes(await update(steps, files, size), target);
  await Promise.all(Array.from({ length: 20 }, async () => {
    const at = random.below(steps.count);
    assertBytes(await update(new Steps(at), files, size), target, `step ${at} of ${steps.count}`);
  }));
});
