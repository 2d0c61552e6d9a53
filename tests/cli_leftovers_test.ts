/** A run that its signal ends has removed what it wrote when it says that it has ended. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { BASIS, run, TARGET } from "./_cli_inside.ts";
import { inFolder, names } from "./_cli_runner.ts";
import { replaceFs } from "./_fs.ts";

/** Files of a signature and a delta, with gzip and without. */
async function prepare(folder: string): Promise<void> {
  await Deno.writeFile(`${folder}/basis.bin`, BASIS);
  await Deno.writeFile(`${folder}/target.bin`, TARGET);
  const runs = [
    ["signature", "basis.bin", "sig.bin"],
    ["delta", "sig.bin", "target.bin", "plain.bin"],
    ["delta", "-z", "sig.bin", "target.bin", "gzip.bin"],
  ];
  for (const args of runs) assert.equal((await run(folder, args)).code, 0);
}

/** What is read, and by which command. */
const RUNS: [input: string, ...args: string[]][] = [
  ["basis.bin", "signature", "-", "made.bin"],
  ["target.bin", "delta", "sig.bin", "-", "made.bin"],
  ["target.bin", "delta", "-z", "sig.bin", "-", "made.bin"],
  ["plain.bin", "patch", "basis.bin", "-", "made.bin"],
  ["gzip.bin", "patch", "basis.bin", "-", "made.bin"],
];

/** An input that stops after its first bytes. */
async function* startOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, 600);
  await new Promise(() => {});
}

Deno.test("runCli() leaves nothing when its signal ends it, however slow the disk is", async () => {
  await inFolder(async (folder) => {
    await prepare(folder);
    const before = await names(folder);
    using _ = replaceFs("unlink", (real) => (...args: Parameters<typeof real>) => void setTimeout(real, 10, ...args));
    // Which step of the pipe an abort meets is up to chance.
    for (let round = 0; round < 50; round++) {
      for (const [input, ...args] of RUNS) {
        const aborter = new AbortController();
        const stdin = startOf(await Deno.readFile(`${folder}/${input}`));
        const running = run(folder, args, { signal: aborter.signal, stdin });
        while ((await names(folder)).length === before.length) await new Promise((resolve) => setImmediate(resolve));
        aborter.abort();
        assert.equal((await running).code, 107);
        assert.deepEqual(await names(folder), before, `${args}`);
      }
    }
  });
});
