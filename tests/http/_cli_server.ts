/** The command `serve` as a process, for tests. */
import assert from "node:assert/strict";
import type { Runtime } from "../_cli_runner.ts";

export class CliServer implements AsyncDisposable {
  readonly url: string;
  readonly #process: Deno.ChildProcess;
  readonly #stderr: Promise<string>;

  private constructor(url: string, process: Deno.ChildProcess, stderr: Promise<string>) {
    this.url = url;
    this.#process = process;
    this.#stderr = stderr;
  }

  /** Starts it, and waits until it listens. */
  static async start({ command }: Runtime, folder: string, ...flags: string[]): Promise<CliServer> {
    const [name, ...before] = command;
    const process = new Deno.Command(name!, {
      args: [...before, "serve", "--port", "0", "--json", ...flags, folder],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stderr = new Response(process.stderr).text();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let line = "";
    while (!line.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`Cannot serve: ${await stderr}`);
      line += value;
    }
    await reader.cancel();
    const { url, ...other } = JSON.parse(line);
    assert.deepEqual(other, { folder });
    return new CliServer(url, process, stderr);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Ends it by a signal, and returns what it has said. */
  async end(signal: "SIGTERM" | "SIGINT" = "SIGTERM"): Promise<string> {
    this.#process.kill(signal);
    assert.equal((await this.#process.status).signal, signal);
    return await this.#stderr;
  }

  /** Sends bytes as they are, and returns the answer as a text. The connection is closed after it. */
  async raw(request: string): Promise<string> {
    using connection = await Deno.connect({ port: this.port, hostname: "127.0.0.1" });
    await connection.write(new TextEncoder().encode(request));
    let text = "";
    for (const buffer = new Uint8Array(4096);;) {
      const count = await connection.read(buffer);
      if (count === null) return text;
      text += new TextDecoder().decode(buffer.subarray(0, count));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await Promise.all([this.#process.status, this.#stderr]);
  }
}
