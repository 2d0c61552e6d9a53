/** Searches of natural and of adversarial data. The base is a search of random data for blocks of other random data. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kernel, SearchIndex, SumBatch, WeakSum } from "../../src/kernel/interface.ts";
import { MIB, randomBytes } from "../_data.ts";
import { finishIndex } from "../_run.ts";
import type { Case } from "./measure.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const BLOCK_LENGTH = 1024;
const SHORT_BLOCK_LENGTH = 16;
const STRONG_LENGTH = 32;
const WEAK_SUMS: readonly WeakSum[] = ["rabinkarp", "rollsum"];

/** A search: records of the basis, perhaps with wrong strong sums, and a target. */
interface Search {
  name: string;
  basis: Bytes;
  target: Bytes;
  isLying?: (block: number) => boolean;
}

/** Random bytes that repeat after `period`. */
function periodic(length: number, period: number): Bytes {
  const unit = randomBytes(3, period);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += period) bytes.set(unit.subarray(0, Math.min(period, length - at)), at);
  return bytes;
}

/** Random data with a run of one byte in the first `run` of every `page` bytes. */
function pages(seed: number, length: number, page: number, run: number, byte = 0): Bytes {
  const bytes = randomBytes(seed, length);
  for (let at = 0; at < length; at += page) bytes.fill(byte, at, at + run);
  return bytes;
}

/** Random data whose last `count` bytes are of one kind. */
function endingIn(seed: number, length: number, count: number, byte = 0): Bytes {
  const bytes = randomBytes(seed, length);
  bytes.fill(byte, length - count);
  return bytes;
}

/** Programs of this machine, each filled up with zeros to a multiple of 64 KiB: every second one. */
function executables(length: number, parity: number): Bytes {
  const bytes = new Uint8Array(length);
  const files = readdirSync("/usr/bin", { withFileTypes: true }).filter((entry) => entry.isFile());
  let at = 0;
  for (const name of files.map(({ name }) => name).sort().filter((_, i) => i % 2 === parity)) {
    if (at >= length) break;
    const program = readFileSync(join("/usr/bin", name)).subarray(0, Math.min(MIB, length - at));
    bytes.set(program, at);
    at += Math.ceil(program.length / 65_536) * 65_536;
  }
  return bytes;
}

function* searches(length: number): Generator<Search> {
  const all = () => true;
  const noise = randomBytes(1, length);
  const zeros = new Uint8Array(length);
  yield { name: "random, new", basis: noise, target: randomBytes(2, length) };
  yield { name: "random, identical", basis: noise, target: noise };
  yield { name: "random, blocks in another order", basis: noise, target: shuffled(noise, BLOCK_LENGTH) };
  yield {
    name: "database pages: zeros 2,000 of 3,000",
    basis: endingIn(1, length, 4096),
    target: pages(2, length, 3000, 2000),
  };
  yield {
    name: "the same, the basis has such pages too",
    basis: pages(1, length, 3000, 2000),
    target: pages(2, length, 3000, 2000),
  };
  yield { name: "zeros 600 of 1,200", basis: pages(1, length, 1200, 600), target: pages(2, length, 1200, 600) };
  yield { name: "zeros 1,000 of 1,100", basis: endingIn(1, length, 4096), target: pages(2, length, 1100, 1000) };
  yield {
    name: "flash: 0xff 3,000 of 4,096",
    basis: endingIn(1, length, 4096, 255),
    target: pages(2, length, 4096, 3000, 255),
  };
  yield {
    name: "sparse image: 4 KiB of noise in each MiB",
    basis: pages(1, length, MIB, MIB - 4096),
    target: pages(2, length, MIB, MIB - 4096),
  };
  yield { name: "executables, filled with zeros", basis: executables(length, 0), target: executables(length, 1) };
  yield { name: "zeros, identical", basis: zeros, target: zeros };
  yield { name: "zeros, new", basis: noise, target: zeros };
  yield { name: "zeros, last block short and of zeros", basis: endingIn(1, length - 424, 600), target: zeros };
  yield {
    name: "pages of zeros, last block short and of zeros",
    basis: endingIn(1, length - 424, 600),
    target: pages(2, length, 3000, 2000),
  };
  yield { name: "period 300, identical", basis: periodic(length, 300), target: periodic(length, 300) };
  yield { name: "period 7, identical", basis: periodic(length, 7), target: periodic(length, 7) };
  yield { name: "zeros, all false alarms", basis: zeros, target: zeros, isLying: all };
  yield { name: "period 7, all false alarms", basis: periodic(length, 7), target: periodic(length, 7), isLying: all };
  yield {
    name: "period 300, all false alarms",
    basis: periodic(length, 300),
    target: periodic(length, 300),
    isLying: all,
  };
  yield { name: "random, all false alarms", basis: noise, target: noise, isLying: all };
  yield { name: "random, every second block wrong", basis: noise, target: noise, isLying: (k) => k % 2 === 1 };
}

/** Searches for the shortest blocks of the rsync-streams format: each costs as much as a long one. */
function* shortSearches(length: number): Generator<Search> {
  const noise = randomBytes(1, length);
  yield { name: "random, new", basis: noise, target: randomBytes(2, length) };
  yield { name: "random, identical", basis: noise, target: noise };
  yield { name: "blocks in another order", basis: noise, target: shuffled(noise, SHORT_BLOCK_LENGTH) };
  yield { name: "random, all false alarms", basis: noise, target: noise, isLying: () => true };
}

/** The blocks of some bytes, none where it was and none behind the one before. */
function shuffled(bytes: Bytes, blockLength: number): Bytes {
  const result = new Uint8Array(bytes.length);
  const count = bytes.length / blockLength;
  for (let k = 0; k < count; k++) {
    const from = (k * 7919 + 1) % count * blockLength;
    result.set(bytes.subarray(from, from + blockLength), k * blockLength);
  }
  return result;
}

function indexOf(kernel: Kernel, weakSum: WeakSum, { basis, isLying }: Search, blockLength: number): SearchIndex {
  const params = { weakSum, strongSum: "blake3", blockLength, strongLength: STRONG_LENGTH } as const;
  const summer = kernel.summer(params);
  const builder = kernel.index(params, "first");
  let block = 0;
  const add = (batch: SumBatch) => {
    for (let k = 0; k < batch.count; k++) if (isLying?.(block++)) batch.strong[k * STRONG_LENGTH]! ^= 1;
    builder.add(batch);
  };
  for (let at = 0; at < basis.length; at += MIB) {
    add(summer.sum(basis.subarray(at, at + MIB)));
  }
  add(summer.finish(true));
  return finishIndex(builder, basis.length % blockLength || blockLength);
}

/** The searches of a target of `length` bytes, and those of a shorter one for short blocks. */
export function* searchCases(kernel: Kernel, length: number): Generator<Case> {
  for (const weakSum of WEAK_SUMS) {
    for (const search of searches(length)) {
      yield caseOf(`search, ${weakSum}`, search, indexOf(kernel, weakSum, search, BLOCK_LENGTH));
    }
  }
  for (const search of shortSearches(Math.min(length, 4 * MIB))) {
    yield caseOf("search, blocks of 16 bytes", search, indexOf(kernel, "rabinkarp", search, SHORT_BLOCK_LENGTH));
  }
}

function caseOf(job: string, { name, target }: Search, index: SearchIndex): Case {
  return {
    job,
    name,
    length: target.length,
    run() {
      const searcher = index.searcher({ tail: "last", preferNext: true });
      while (searcher.settled < target.length) searcher.search([target], true);
      searcher.release();
    },
  };
}
