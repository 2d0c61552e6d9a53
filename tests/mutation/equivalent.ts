/** Faults that change nothing that a user or a program could see, each with its reason. */
import type { Fault } from "./syntactic.ts";

/** A fault, by its file, the line it is in, and the piece that is replaced. */
export interface Equivalent {
  readonly path: string;
  /** The line, without its indent. */
  readonly line: string;
  /** The piece and its replacement. Any if undefined: nothing in the line matters. */
  readonly change?: readonly [from: string, to: string];
  readonly reason: string;
}

/** Fields with a first value that nobody reads: file, line, and what sets it before. */
const SET_FIRST: readonly (readonly [path: string, line: string, what: string])[] = [
  ["src/engine/patcher.ts", "#steps = 0;", "each call of next()"],
  ["src/engine/patcher.ts", "#copyOffset = 0;", "each copy"],
  ["src/engine/patcher.ts", "#dataAt = 0;", "each data command"],
  ["src/engine/matcher.ts", "#at = 0;", "each chunk"],
  ["src/engine/signer.ts", "#at = 0;", "each chunk"],
  ["src/engine/commands_from_events.ts", "#hasDigest = false;", "the first part of each delta"],
  ["src/engine/input_window.ts", "#end = 0;", "the first copy, which finds no piece,"],
  ["src/formats/bytes/pending.ts", "#offset = 0;", "the first copy"],
  ["src/kernel/wasm/running_sums.ts", "#sum = 0;", "each block"],
  ["src/kernel/wasm/searcher.ts", "#bytesAt = 0;", "the first search"],
  ["src/kernel/wasm/searcher.ts", "#start = 0;", "the first search, which finds no bytes there,"],
  ["src/streams/stage_pair.ts", "#isTaken = false;", "each write"],
  ["src/sync/_local_search.ts", "#mayHaveGivenUp = false;", "each pass"],
  ["src/sync/plan_sync.ts", "let share = 0;", "the first layer"],
  ["src/sync/layered_sig.ts", "bytesRead = 0;", "open()"],
  ["src/sync/layered_sig.ts", "readCount = 0;", "open()"],
  ["src/http/client/checked_blocks.ts", "#start = 0;", "the first batch"],
];

/** Lengths of buffers of which one more byte or record is nothing that anybody sees: file, line, and number. */
const FIRST_LENGTHS: readonly (readonly [path: string, line: string, length: string])[] = [
  ["src/formats/bytes/byte_reader.ts", "#carry = new Uint8Array(64);", "64"],
  ["src/formats/bytes/byte_writer.ts", "const FIRST_LENGTH = 1024;", "1024"],
  ["src/formats/bytes/plain_records.ts", "export const BATCH_CAPACITY = 1024;", "1024"],
  ["src/sync/_number_rows.ts", "const PAGE_SHIFT = 12;", "12"],
];

/** How many items are worked on before others get a turn, where one more takes no time to speak of: file and line. */
const TURN_LENGTHS: readonly (readonly [path: string, line: string])[] = [
  ["src/sync/_search_layer.ts", "const TURN_COUNT = 16_384;"],
  ["src/sync/layered_sig.ts", "const RECORDS_AT_ONCE = 16_384;"],
  ["src/sync/plan_sync.ts", "const RUNS_AT_ONCE = 16_384;"],
  ["src/sync/sample.ts", "const TURN_COUNT = 16_384;"],
];

/** Loops that take one step more, for nothing, if they go on at their end: file and line. */
const EMPTY_STEPS: readonly (readonly [path: string, line: string])[] = [
  ["src/kernel/wasm/block_summer.ts", "for (let from = 0; from < summed; from += pieceLength) {"],
  ["src/kernel/wasm/digest.ts", "for (let at = 0; at < bytes.length; at += PIECE_LENGTH) {"],
  ["src/kernel/wasm/index_builder.ts", "for (let from = 0; from < batch.count; from += PIECE_COUNT) {"],
  ["src/kernel/wasm/running_sums.ts", "for (let at = 0; at < length; at += PIECE_LENGTH) {"],
  ["src/sync/layered_sig.ts", "for (let at = start; at < end; at += RECORDS_AT_ONCE) {"],
];

/** Which of so many items is the one after which others get a turn: file and line. */
const TURN_STARTS: readonly (readonly [path: string, line: string])[] = [
  ["src/sync/_search_layer.ts", "if (run % TURN_COUNT === 0) await giveWay();"],
  ["src/sync/_search_layer.ts", "if (++steps % TURN_COUNT === 0) await giveWay();"],
  ["src/sync/_search_layer.ts", "let steps = 0;"],
  ["src/sync/layered_sig.ts", "if (ranges.length % RECORDS_AT_ONCE === 0) await giveWay();"],
  ["src/sync/plan_sync.ts", "if (run % RUNS_AT_ONCE === 0) await giveWay();"],
  ["src/sync/sample.ts", "if (run % TURN_COUNT === 0) await giveWay();"],
];

export const EQUIVALENT: readonly Equivalent[] = [
  {
    path: "src/streams/written_lengths.ts",
    line: "if (2 * this.#taken > this.#lengths.length) {",
    change: ["2", "(2 + 1)"],
    reason: "lengths that were taken are dropped a little sooner, still some of many at a time",
  },
  {
    path: "assembly/blake2s.ts",
    line: "compressEach(h, splat(<u32>count), splat(<u32>(count >> 32)), splat(last), splat(lastNode));",
    change: ["splat(<u32>(count >> 32)), splat(last)", "splat(0), splat(last)"],
    reason: "it counts bytes of one block, which has 2^30 at most, so the high word is 0",
  },
  {
    path: "assembly/tables.ts",
    line: "return slot + 1 == slots ? 0 : slot + 1;",
    change: ["return slot + 1 == slots ? 0 : slot + 1;", "return slot + 1 == slots ? 1 : slot + 1;"],
    reason: "records are put in and looked for by the same steps, and half of the slots are free",
  },
  {
    path: "assembly/tables.ts",
    line: "return slot + 1 == slots ? 0 : slot + 1;",
    change: ["0", "1"],
    reason: "records are put in and looked for by the same steps, and half of the slots are free",
  },
  {
    path: "src/cli/_errors.ts",
    line: "if (error instanceof CliError || error instanceof RsyncError) return error;",
    change: ["||", "&&"],
    reason: "a CliError has no code of the system, so it is returned all the same, and no RsyncError comes here",
  },
  {
    path: "src/files/_overwrite.ts",
    line: "const count = await source.read(buffer.subarray(0, end - at), at);",
    change: ["-", "+"],
    reason: "what is behind the end is the end of the source, or bytes that are there already",
  },
  {
    path: "src/cli/_output.ts",
    line: "let isThere = false;",
    reason: "it is set before any error that has words of its own, and no other error asks for it",
  },
  {
    path: "src/cli/_commands/info.ts",
    line: "const literalShare = info.targetLength > 0 ? info.literalBytes / info.targetLength : null;",
    change: [">", ">="],
    reason: "0 / 0 is no number, which is null in JSON",
  },
  {
    path: "src/cli/_commands/pull.ts",
    line: "await readable.cancel();",
    reason: "nothing was asked for yet, so it only lets go of a signal that ends with the run",
  },
  {
    path: "src/cli/_commands/pull.ts",
    line: "await readable.cancel().catch(() => {});",
    reason: "a transfer that fails has cancelled it, and before one nothing was asked for",
  },
  {
    path: "src/engine/patcher.ts",
    line: "if (targetLength !== undefined && targetLength !== this.#length) {",
    change: ["if (targetLength !== undefined && targetLength !== this.#length) {", "if (targetLength === -1) {"],
    reason: "readers and EventsFromCommands compare the same lengths before",
  },
  {
    path: "src/engine/patcher.ts",
    line: "this.#digest = undefined;",
    change: ["this.#digest = undefined;", ";"],
    reason: "a patcher that was released is not asked again, and one that has checked its digest is at its end",
  },
  ...FIRST_LENGTHS.map(([path, line, length]): Equivalent => {
    return { path, line, change: [length, `(${length} + 1)`], reason: "it grows, or is filled as often as it takes" };
  }),
  ...TURN_LENGTHS.map(([path, line]) => {
    return { path, line, reason: "one item more before others get their turn takes no time to speak of" };
  }),
  ...EMPTY_STEPS.map(([path, line]): Equivalent => {
    return { path, line, change: ["<", "<="], reason: "one step more, for nothing" };
  }),
  ...TURN_STARTS.map(([path, line]): Equivalent => {
    return { path, line, change: ["0", "1"], reason: "others get as many turns, each an item earlier or later" };
  }),
  ...SET_FIRST.map(([path, line, what]) => ({ path, line, reason: `${what} sets it before it is read` })),
  {
    path: "src/formats/bytes/byte_reader.ts",
    line: "const taken = this.#carried > count ? bytes.slice() : bytes;",
    change: [">", ">="],
    reason: "a copy of the same bytes, where a view would do",
  },
  {
    path: "src/formats/luapower/mod.ts",
    line: "maxStrongLength: 32,",
    change: ["32", "(32 + 1)"],
    reason: "no sum of the format has more than 32 bytes, and the less of the two counts",
  },
  {
    path: "src/formats/librsync/mod.ts",
    line: "maxStrongLength: 32,",
    change: ["32", "(32 + 1)"],
    reason: "no sum of the format has more than 32 bytes, and the less of the two counts",
  },
  {
    path: "src/engine/patcher.ts",
    line: "#out = new Uint8Array(0);",
    change: ["0", "1"],
    reason: "it grows when the first bytes come, and what is taken out is cut to its length",
  },
  {
    path: "src/engine/patcher.ts",
    line: "this.#digest.update(last);",
    reason: "a reader returns the end after the input has ended, and what was gathered was taken out before",
  },
  {
    path: "src/kernel/portable/searcher.ts",
    line: "else if (start > this.#position) this.#goTo(start);",
    change: [">", ">="],
    reason: "to go where it is only makes it sum the window anew",
  },
  {
    path: "assembly/searcher.ts",
    line: "s.alarms = 0;",
    change: ["0", "1"],
    reason: "windows are tested four at a time one false alarm earlier, with the same outcome",
  },
  {
    path: "assembly/scan.ts",
    line: "const third = i8x16(-1, -1, -1, -1, -1, -1, -1, -1, 6, 7, 6, 7, 6, 7, 6, 7);",
    change: ["1", "(1 + 1)"],
    reason: "a swizzle makes a zero of any number that is no lane's",
  },
  {
    path: "assembly/records.ts",
    line: "for (; i < length; i++) store<u8>(to + i, load<u8>(from + i));",
    change: ["<", "<="],
    reason: "the byte behind a record is that of the next one or of a table, which are written later",
  },
  ...[["256", "(256 + 1)"], ["+", "-"]].map(([from, to]): Equivalent => ({
    path: "src/cli/_compression/zstd_frames.ts",
    line: "? readLittleEndian(fields.subarray(idLength)) + (sizeFlag === 1 ? 256 : 0)",
    change: [from!, to!],
    reason: "a length of two bytes is far below the limit that it is compared with",
  })),
  {
    path: "src/kernel/portable/searcher.ts",
    line: "#expected = -1;",
    change: ["1", "(1 + 1)"],
    reason: "no number below 0 is that of a block",
  },
  {
    path: "src/kernel/portable/searcher.ts",
    line: "#literalStart = 0;",
    reason: "no block is expected before the first match, and the whole budget rules no window out",
  },
  {
    path: "src/kernel/portable/searcher.ts",
    line: "return bytesFrom(this.#window, position, 1)[0]!;",
    change: ["1", "(1 + 1)"],
    reason: "only the first byte is read",
  },
  {
    path: "src/kernel/portable/search_index.ts",
    line: "if (this.#byWeak.get(slot) < 0) this.#byWeak.set(slot, k);",
    change: ["<", "<="],
    reason: "any record with the weak sum will do",
  },
  {
    path: "src/kernel/portable/blake_rounds.ts",
    line: "if (!LITTLE_ENDIAN) {",
    change: ["!LITTLE_ENDIAN", "!(!LITTLE_ENDIAN)"],
    reason: "a machine of the other order would see it; here the same words are read once more",
  },
  {
    path: "src/kernel/wasm/searcher.ts",
    line: "if (this.#shift > 0) exports.searcher_shift(address, this.#shift);",
    change: [">", ">="],
    reason: "to shift by nothing changes nothing",
  },
  {
    path: "src/digest/wasm_sha256.ts",
    line: "this.state = new Uint8Array(memory.buffer as ArrayBuffer, 0, 32);",
    change: ["0", "1"],
    reason: "any place before the module's own data will do",
  },
  {
    path: "src/digest/portable_sha256.ts",
    line: "const WORDS = new Int32Array(64);",
    change: ["64", "(64 + 1)"],
    reason: "only 64 words are read",
  },
  {
    path: "src/digest/portable_sha256.ts",
    line: "if (this.#heldLength > 0) {",
    change: [">", ">="],
    reason: "bytes that could be taken where they are go through the held block, with the same sum",
  },
  ...[["<", "<="], ["16", "(16 + 1)"]].map(([from, to]): Equivalent => ({
    path: "src/digest/portable_sha256.ts",
    line: "for (let i = 0, j = at; i < 16; i++, j += 4) {",
    change: [from!, to!],
    reason: "the schedule sets the next word before it is read",
  })),
  ...[["<", "<="], ["&&", "||"], ["20", "(20 + 1)"], ["64", "(64 + 1)"]].map(([from, to]): Equivalent => ({
    path: "src/digest/portable_sha256.ts",
    line: "for (let n = i + 16; n < i + 20 && n < 64; n++) {",
    change: [from!, to!],
    reason: "words are made early and made again, or lie behind the array, which takes none",
  })),
  ...[
    "const half = add(sum, mixWords(v128.shuffle<u32>(x3, zero, 2, 3, 4, 4), 17, 19, 10));",
    "return add(half, mixWords(v128.shuffle<u32>(half, zero, 4, 4, 0, 1), 17, 19, 10));",
  ].map((line): Equivalent => {
    return { path: "assembly/sha256/index.ts", line, change: ["4", "(4 + 1)"], reason: "another lane of zeros" };
  }),
  {
    path: "src/digest/wasm_sha256.ts",
    line: "if (this.#heldLength + bytes.length < BLOCK_LENGTH) {",
    change: ["<", "<="],
    reason: "a whole block may be held as well: the next call, or the padding, takes it before anything else",
  },
  {
    path: "src/sync/_search_layer.ts",
    line: "merged.add(Math.min(blockLength, length - at), place > 0 ? place - 1 : MISSING);",
    change: [">", ">="],
    reason: "0 less 1 is what stands for a missing run",
  },
  {
    path: "src/sync/_search_layer.ts",
    line: "const last = runs.isMissing(runs.count - 1) ? blocks.count - 1 : -1;",
    change: ["1", "(1 + 1)"],
    reason: "no number below 0 is that of a block",
  },
  {
    path: "src/sync/_local_search.ts",
    line: 'const tail = end === Infinity || end >= this.#length ? "last" : "none";',
    change: [">=", ">"],
    reason:
      "a tail that a part could hide starts in a block, and a part that ends with the file ends a block before it",
  },
  {
    path: "src/sync/layered_sig.ts",
    line: "return await source.readInto(new Uint8Array(1), 0) === 0;",
    change: ["1", "(1 + 1)"],
    reason: "all that counts is whether a byte comes",
  },
  {
    path: "src/sync/_block_index.ts",
    line: "this.#table = undefined;",
    reason: "nothing is added afterwards, so it only frees memory",
  },
  {
    path: "src/sync/_block_index.ts",
    line: "for (let block = 0; block < this.#first.length; block++) " +
      "if (this.#first[block] === block) distinct[at++] = block;",
    change: ["<", "<="],
    reason: "what is behind the last is undefined, and no number",
  },
  {
    path: "src/sync/run_list.ts",
    line: "readonly #rows = new NumberRows(3);",
    change: ["3", "(3 + 1)"],
    reason: "a column that nobody uses",
  },
  {
    path: "src/kernel/wasm/searcher.ts",
    line: "const isLittle = this.#copied <= length - this.#copied;",
    change: ["<=", "<"],
    reason: "of a window that is half there, the old half is copied again now or when there is no room behind it",
  },
  {
    path: "src/kernel/wasm/searcher.ts",
    line: "if (isLittle || this.#bytesAt + this.#start + length > instance.byteLength) {",
    change: [">", ">="],
    reason: "a window that just fits is copied as a whole one call earlier",
  },
  {
    path: "src/kernel/wasm/kernel.ts",
    line: "if (params.blockLength <= PIECE_LENGTH) return new WasmBlockSummer(owned, shared);",
    change: ["<=", "<"],
    reason: "both sum a block of that length",
  },
  {
    path: "src/kernel/wasm/block_summer.ts",
    line: "this.#batch = createBatch(params, 0);",
    change: ["0", "1"],
    reason: "room for a block before there is one",
  },
  {
    path: "src/kernel/sum_batch.ts",
    line: "return { count: 0, weak: new Uint32Array(capacity), strong: new Uint8Array(capacity * strongLength) };",
    change: ["0", "1"],
    reason: "who fills the columns sets the count",
  },
  {
    path: "src/kernel/random_key.ts",
    line: "return crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];",
    change: ["2", "(2 + 1)"],
    reason: "only the first two words are read",
  },
  ...["rollsum_blocks", "rabinkarp_blocks"].map((name): Equivalent => ({
    path: "src/kernel/wasm/running_sums.ts",
    line: `${name === "rollsum_blocks" ? 'if (this.#weakSum === "rollsum") ' : "else "}exports.${name}(` +
      "bytesAt, count, 1, count, weakAt);",
    change: ["1", "(1 + 1)"],
    reason: "only the first sum is read",
  })),
  {
    path: "src/kernel/wasm/instance_pool.ts",
    line: "const MAX_POOLED_LENGTH = 8 * 1024 * 1024;",
    change: ["1024", "(1024 + 1)"],
    reason: "a memory has whole pages of 64 KiB, and this is 8 KiB more",
  },
  {
    path: "src/kernel/wasm/running_sums.ts",
    line: "const more = new Uint32Array(memory.buffer, weakAt, 1)[0]!;",
    change: ["1", "(1 + 1)"],
    reason: "only the first number is read",
  },
];

/** Why a fault changes nothing, or undefined if it may. */
export function equivalenceOf({ path, start, end, replacement }: Fault, text: string): string | undefined {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const to = text.indexOf("\n", start);
  const line = text.slice(from, to < 0 ? undefined : to).trim();
  return EQUIVALENT.find((known) => {
    if (known.path !== path || known.line !== line) return false;
    return !known.change || known.change[0] === text.slice(start, end) && known.change[1] === replacement;
  })?.reason;
}
