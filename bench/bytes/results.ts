/** Keeps results between runs, since the bytes of a pair are the same each time. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
      this.#write();
    }
    return this.#kept[key] as T;
  }

  #write(): void {
    writeFileSync(`${PATH}.part`, JSON.stringify(this.#kept, null, 1));
    renameSync(`${PATH}.part`, PATH);
  }
}

function read(): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(PATH, "utf8"));
  } catch {
    return {};
  }
}

/** The folder is beside the pairs, so that they can be linked. */
async function inFolder<T>(measure: (work: string) => Promise<T>): Promise<T> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "work-"));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
