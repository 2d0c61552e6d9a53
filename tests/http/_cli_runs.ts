/** Runs of `pull` and `push` in this process. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inFolder } from "../_cli_runner.ts";
import { type Output, run, type RunOptions } from "../_cli_inside.ts";
import { CliHost, NEW, OLD } from "./_cli_host.ts";
import { pausesDuring } from "./_pauses.ts";
import { Store } from "./_store.ts";

export const DIGEST = createHash("sha256").update(NEW).digest("hex");
export const PART = ".app.bin.rsync-streams.part";

/** A test with a folder and a host that has `/app.bin`, which is {@linkcode NEW}. */
export function inside(name: string, work: (folder: string, host: CliHost) => Promise<void>): void {
  Deno.test(`runCli() ${name}`, () =>
    inFolder(async (folder) => {
      await using host = new CliHost();
      await host.publish("/app.bin", NEW);
      await work(folder, host);
    }));
}

/** Runs a command that succeeds, and returns what it says on the standard error, and what it prints. */
export async function succeeds(
  folder: string,
  args: string[],
  options?: RunOptions,
): Promise<[err: string, out: string]> {
  const { code, out, err } = await run(folder, args, options);
  assert.equal(code, 0, err);
  return [err, out];
}

/** Runs a command that fails, without the pauses between its attempts. */
export async function gaveUp(folder: string, args: string[]): Promise<string> {
  let output: Output | undefined;
  await pausesDuring(async () => {
    output = await run(folder, args);
  });
  assert.equal(output!.code, 109, output!.err);
  return output!.err;
}

/** Runs a command that fails, and compares what it says. */
export async function fails(folder: string, args: string[], code: number, message: string, options?: RunOptions) {
  assert.deepEqual(await run(folder, args, options), { code, out: "", err: `rsync-streams: ${message}\n` });
}

/** What a push needs of a server: it takes uploads into memory. */
export async function withStore(work: (store: Store, url: string) => Promise<void>): Promise<void> {
  const store = new Store({ "/app.bin": OLD });
  const handler = store.writer();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  try {
    await work(store, `http://127.0.0.1:${server.addr.port}/`);
  } finally {
    await server.shutdown();
  }
}
