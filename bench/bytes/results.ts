/** Keeps results between runs, since the bytes of a pair are the same each time. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { CACHE } from "./pairs.ts";

const PATH = join(CACHE, "results.json");

/** Results by a key that names all they depend on. */
export class Results {
  readonly #kept: Record<string, unknown> = read();
  readonly #fresh: boolean;
  readonly #measured = new Set<string>();

  /** `fresh`: measures again what is kept from other runs. */
  constructor(fresh: boolean) {
    this.#fresh = fresh;
  }

  /** The result that is kept, or a new one of `measure`, which gets an empty folder. */
  async get<T>(key: string, measure: (work: string) => Promise<T>): Promise<T> {
    if (!(key in this.#kept) || (this.#fresh && !this.#measured.has(key))) {
      console.error(`Measuring ${key} …`);
      this.#kept[key] = await inFolder(measure);
      this.#measured.add(key);
      write(key, this.#kept[key]);
    }
    return this.#kept[key] as T;
  }
}

/** Adds a result to those on the disk, where another run may have put some meanwhile. */
function write(key: string, result: unknown): void {
  const part = `${PATH}.${process.pid}.part`;
  writeFileSync(part, JSON.stringify({ ...read(), [key]: result }, null, 1));
  renameSync(part, PATH);
}

function read(): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(PATH, "utf8"));
  } catch {
    return {};
  }
}

/** Measures in an empty folder. It is beside the pairs, so that they can be linked. */
export async function inFolder<T>(measure: (work: string) => Promise<T>): Promise<T> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "work-"));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
