/** Makes a database and a table of text, each with an edited copy, the same each time. */
import { copyFile, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Files } from "./traffic.ts";

/** Random choices from a seed, by xorshift32. */
class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return Math.floor((x >>> 0) / 2 ** 32 * limit);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** That many different integers below `limit`, in order. */
  distinct(count: number, limit: number): number[] {
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(this.below(limit));
    return [...chosen].sort((a, b) => a - b);
  }
}

const NAMES = ["Ada", "Alan", "Barbara", "Edsger", "Frances", "Grace", "Ken", "Leslie", "Niklaus", "Radia", "Tony"];
const CITIES = ["Amsterdam", "Berlin", "Kyoto", "Lagos", "Lima", "Lisbon", "Montreal", "Nairobi", "Oslo", "Pune"];
const STATES = ["open", "paid", "packed", "sent", "returned"];
const WORDS = [
  "before",
  "call",
  "door",
  "fragile",
  "gift",
  "leave",
  "neighbour",
  "noon",
  "please",
  "ring",
  "to",
  "with",
];

function day(choices: Choices): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `202${choices.below(6)}-${two(1 + choices.below(12))}-${two(1 + choices.below(28))}`;
}

const ROW_COUNT = 200_000;
const UPDATE_COUNT = 300;
const INSERT_COUNT = 500;
const DELETE_COUNT = 100;
const DATABASE_SEED = 0x5eed_0001;

/** A row of the database, without its number. About 150 bytes. */
function values(choices: Choices): (string | number)[] {
  const name = choices.of(NAMES);
  const note = Array.from({ length: 9 + choices.below(9) }, () => choices.of(WORDS)).join(" ");
  const address = `${name.toLowerCase()}.${choices.below(1e9).toString(36)}@example.com`;
  return [name, address, choices.of(CITIES), choices.below(1e6) / 100, choices.of(STATES), day(choices), note];
}

const TABLE = `CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, address TEXT, city TEXT, amount REAL, state TEXT,
  day TEXT, note TEXT); BEGIN`;

/** Makes a SQLite database of 200,000 rows, and a copy with 300 rows updated, 500 inserted and 100 deleted. */
export async function makeDatabasePair(files: Files): Promise<Files> {
  if (await exists(files)) return files;
  await makeBoth(files, async (basis, target) => {
    const choices = new Choices(DATABASE_SEED);
    const insert = "INSERT INTO orders (name, address, city, amount, state, day, note) VALUES (?, ?, ?, ?, ?, ?, ?)";
    const database = new DatabaseSync(basis);
    database.exec(TABLE);
    const fill = database.prepare(insert);
    for (let i = 0; i < ROW_COUNT; i++) fill.run(...values(choices));
    database.exec("COMMIT");
    database.close();

    await copyFile(basis, target);
    const edited = new DatabaseSync(target);
    edited.exec("BEGIN");
    const update = edited.prepare("UPDATE orders SET amount = ?, state = ? WHERE id = ?");
    for (const row of choices.distinct(UPDATE_COUNT, ROW_COUNT)) {
      update.run(choices.below(1e6) / 100, choices.of(STATES), row + 1);
    }
    const add = edited.prepare(insert);
    for (let i = 0; i < INSERT_COUNT; i++) add.run(...values(choices));
    const remove = edited.prepare("DELETE FROM orders WHERE id = ?");
    for (const row of choices.distinct(DELETE_COUNT, ROW_COUNT)) remove.run(row + 1);
    edited.exec("COMMIT");
    edited.close();
  });
  return files;
}

const VACUUM_SEED = 0x5eed_0003;

/** Makes a SQLite database whose 200,000 rows came in random order, and a copy that `VACUUM` has rewritten in order. */
export async function makeVacuumPair(files: Files): Promise<Files> {
  if (await exists(files)) return files;
  await makeBoth(files, async (basis, target) => {
    const choices = new Choices(VACUUM_SEED);
    const database = new DatabaseSync(basis);
    database.exec(TABLE);
    const fill = database.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    // A prime number, so that each row comes once.
    for (let i = 0; i < ROW_COUNT; i++) fill.run(i * 1_299_709 % ROW_COUNT, ...values(choices));
    database.exec("COMMIT");
    database.close();

    await copyFile(basis, target);
    const rewritten = new DatabaseSync(target);
    rewritten.exec("VACUUM");
    rewritten.close();
  });
  return files;
}

const LINE_COUNT = 400_000;
const EDIT_COUNT = 200;
const CUT_COUNT = 40;
const PUT_COUNT = 60;
const CSV_SEED = 0x5eed_0002;

/** Makes 400,000 lines of text, and a copy with 200 of them edited, 40 cut in one place and 60 put in in another. */
export async function makeCsvPair(files: Files): Promise<Files> {
  if (await exists(files)) return files;
  await makeBoth(files, async (basis, target) => {
    const choices = new Choices(CSV_SEED);
    const line = (number: number) =>
      [number, day(choices), (choices.below(1000) / 10).toFixed(1), choices.of(CITIES)].join(",");
    const lines = Array.from({ length: LINE_COUNT }, (_, index) => line(100_000 + index));
    await writeFile(basis, lines.join("\n") + "\n");

    for (const edited of choices.distinct(EDIT_COUNT, LINE_COUNT)) lines[edited] = line(100_000 + edited);
    lines.splice(choices.below(LINE_COUNT / 2), CUT_COUNT);
    const added = Array.from({ length: PUT_COUNT }, (_, index) => line(900_000 + index));
    lines.splice(LINE_COUNT / 2 + choices.below(LINE_COUNT / 4), 0, ...added);
    await writeFile(target, lines.join("\n") + "\n");
  });
  return files;
}

async function exists({ basis, target }: Files): Promise<boolean> {
  return await Promise.all([stat(basis), stat(target)]).then(() => true, () => false);
}

/** Makes both files under other names first, so that a run that was stopped leaves no half a pair. */
async function makeBoth(files: Files, make: (basis: string, target: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(files.basis), { recursive: true });
  const [basis, target] = [`${files.basis}.part`, `${files.target}.part`];
  await Promise.all([basis, target].map((path) => rm(path, { force: true })));
  await make(basis, target);
  await rename(basis, files.basis);
  await rename(target, files.target);
}
