/** A copy of the checkout, in which faults are put: never in the checkout itself. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Fault } from "./syntactic.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WASM = ["src/kernel/wasm/_generated/kernel.wasm", "src/digest/_generated/sha256.wasm"];

const MAX_BUILD_MS = 600_000;
const MAX_TEST_MS = 600_000;

/** What became of a fault. A module that does not change with its source is one that the compiler has proved equal. */
export type Outcome = "caught" | "timeout" | "survived" | "invalid" | "equivalent";

/** What a process said, and whether it ended well and in time. */
interface Ended {
  readonly isOk: boolean;
  readonly isLate: boolean;
  readonly output: string;
}

/** Folders that are made from others, or of no use without Git. */
const LEFT_OUT = new Set([".git", "node_modules", "npm", "coverage", ".cache", "__pycache__"]);

/** The files of the checkout, as paths with slashes from the root. */
export async function listFiles(folder = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(join(ROOT, folder))) {
    if (LEFT_OUT.has(name)) continue;
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isDirectory) paths.push(...await listFiles(path));
    else if (isFile) paths.push(path);
  }
  return paths.sort();
}

/** A copy in a temporary folder. */
export class Checkout {
  readonly #folder: string;
  /** What the modules of WebAssembly are without a fault, with the sources of TypeScript that have their bytes. */
  readonly #generated = new Map<string, Uint8Array>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(paths: readonly string[]): Promise<Checkout> {
    const folder = await Deno.makeTempDir({ prefix: "rsync-streams-mutation-" });
    const checkout = new Checkout(folder);
    for (const path of paths) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.copyFile(join(ROOT, path), join(folder, path));
    }
    for (const path of WASM.flatMap((path) => [path, path.replace(".wasm", "_bytes.ts")])) {
      checkout.#generated.set(path, await Deno.readFile(join(folder, path)));
    }
    return checkout;
  }

  async remove(): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Runs tests without a fault. Returns how many milliseconds they take, or fails with what they said. */
  async measure(tests: readonly string[]): Promise<number> {
    const start = performance.now();
    const { isOk, isLate, output } = await this.#test(tests, MAX_TEST_MS);
    if (isOk && !output.includes(" 0 passed")) return performance.now() - start;
    throw new Error(`Cannot measure ${tests}: they ${isLate ? "take too long" : "fail"} without a fault\n${output}`);
  }

  /** Puts a fault in, runs tests until one notices, and takes it out again. */
  async try(fault: Fault, tests: readonly string[], limitMs: number): Promise<Outcome> {
    const path = join(this.#folder, fault.path);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.slice(0, fault.start) + fault.replacement + text.slice(fault.end));
    try {
      if (fault.path.startsWith("assembly/")) {
        const { isOk, isLate } = await this.#run(["run", "-A", "scripts/build_wasm.ts"], MAX_BUILD_MS);
        if (isLate) throw new Error("Cannot build WebAssembly: it takes too long");
        if (!isOk) return "invalid";
        if (await this.#isBuildEqual()) return "equivalent";
      }
      let ended = await this.#test(tests, limitMs);
      // A process that ended before its tests did may have lacked memory on a machine that is busy.
      if (!ended.isOk && !ended.isLate && !/\d failed/.test(ended.output)) ended = await this.#test(tests, limitMs);
      if (ended.isOk) return "survived";
      if (/^error: SyntaxError/m.test(ended.output)) return "invalid";
      return ended.isLate ? "timeout" : "caught";
    } finally {
      await Deno.writeTextFile(path, text);
      for (const [path, bytes] of this.#generated) await Deno.writeFile(join(this.#folder, path), bytes);
    }
  }

  async #isBuildEqual(): Promise<boolean> {
    for (const path of WASM) {
      const [built, before] = [await Deno.readFile(join(this.#folder, path)), this.#generated.get(path)!];
      if (built.length !== before.length || built.some((byte, i) => byte !== before[i])) return false;
    }
    return true;
  }

  /** All files in one process, which reads the sources once, up to the first test that fails. */
  #test(paths: readonly string[], limitMs: number): Promise<Ended> {
    const flags = ["-A", "--no-check", "--fail-fast", "--preload=tests/mutation/skip.ts"];
    const sanitizers = ["--sanitize-ops", "--sanitize-resources"];
    return this.#run(["test", ...flags, ...sanitizers, ...paths], limitMs);
  }

  /** Runs Deno in a group of its own, so that a test that never ends takes its children with it. */
  async #run(args: readonly string[], limitMs: number): Promise<Ended> {
    const seconds = String(Math.ceil(limitMs / 1000));
    const { code, stdout, stderr } = await new Deno.Command("timeout", {
      args: ["--kill-after=5", seconds, Deno.execPath(), ...args],
      cwd: this.#folder,
      env: { NO_COLOR: "1", RSYNC_STREAMS_SLOW: "", FUZZ_SEED: "1" },
      stdin: "null",
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { isOk: code === 0, isLate: code === 124 || code === 137, output };
  }
}
