// Two hash tables over the records. One is keyed by key and strong sum and holds one of equal blocks; the other by weak sum, and leads to the
// chain of the different blocks that have it. Slots hold a record's number plus 1, 4 / 0.75 bytes for each record.
import { digest_final, digest_init, digest_update } from "./digest";
import {
  blockLength,
  hasStrong,
  isAnchored,
  keyOf,
  lengthOf,
  record,
  recordCount,
  setLastLength,
  setNext,
  strongAt,
  strongKind,
  strongLength,
  weakOf,
} from "./records";
import { SPAN } from "./shingle";

/** Hashes up to here, 0.03 of all, are not special. */
const CAP: u32 = 128_849_018;
/** Special anchors that the scan compares with directly; with more, every position is looked up. */
export const MAX_SPECIALS: u32 = 2;

let seed: u32 = 0;
let byStrong: usize = 0;
let byWeak: usize = 0;
let slots: u32 = 0;
/** Two bits in one 64-bit word for each weak sum: most that are unknown are told without a look at a table. */
let filter: usize = 0;
let filterShift: u64 = 0;
/** The greatest anchor that is not special, and whether there is one. */
export let threshold: u32 = 0;
export let hasThreshold: bool = false;
export let specialCount: u32 = 0;
export let special0: u32 = 0;
export let special1: u32 = 0;
/** The block of zeros plus 1, or 0. */
export let zeroBlock: u32 = 0;

/** Hash of a shingle of period 1, 2 or 4. */
const WORST: u32 = 0xffffffff;
const ZEROS_LENGTH: u32 = 1024;
const ZEROS: usize = memory.data(1024, 16);
const DIGEST: usize = memory.data(6144, 16);
const SUM: usize = memory.data(32, 16);

/** The finalizer of MurmurHash3. */
@inline
function mix(h: u32): u32 {
  h = (h ^ h >>> 16) * 0x85ebca6b;
  h = (h ^ h >>> 13) * 0xc2b2ae35;
  return h ^ h >>> 16;
}

@inline
function firstSlot(hash: u32): u32 {
  return <u32>(<u64>hash * slots >> 32);
}

@inline
function nextSlot(slot: u32): u32 {
  return slot + 1 == slots ? 0 : slot + 1;
}

/**
 * Makes the tables in zeroed memory.
 *
 * @param strongTable `slotCount` slots of 4 bytes.
 * @param weakTable As many.
 * @param filterWords 2^`filterBits` words of 8 bytes, `filterBits` at least 1.
 * @param keepLast Whether the last of equal blocks stands for all, or the first.
 */
export function index_finish(
  strongTable: usize,
  weakTable: usize,
  slotCount: u32,
  filterWords: usize,
  filterBits: u32,
  random: u32,
  last: u32,
  keepLast: bool,
): void {
  byStrong = strongTable;
  byWeak = weakTable;
  slots = slotCount;
  filter = filterWords;
  filterShift = 64 - filterBits;
  seed = random;
  threshold = 0;
  hasThreshold = false;
  specialCount = 0;
  setLastLength(last);
  for (let k: u32 = 0; k < recordCount; k++) insert(k, keepLast);
  zeroBlock = isAnchored && head(WORST) ? findZeroBlock() : 0;
}

/** Looked for once: what a writer chose for an anchor does not tell for certain what is in a block. */
function findZeroBlock(): u32 {
  digest_init(strongKind, DIGEST);
  for (let left = blockLength; left; left -= min<u32>(left, ZEROS_LENGTH)) {
    digest_update(DIGEST, ZEROS, min<u32>(left, ZEROS_LENGTH));
  }
  digest_final(DIGEST, SUM);
  const block = find(0, SUM);
  return block && lengthOf(block - 1) == blockLength ? block : 0;
}

function insert(k: u32, keepLast: bool): void {
  const slot = strongSlot(keyOf(k), record(k) + strongAt);
  const isNew = !load<u32>(slot);
  if (isNew || keepLast) store<u32>(slot, k + 1);
  if (isNew) insertWeak(k);
}

function insertWeak(k: u32): void {
  // A block without a shingle has no place to be met at; the searcher looks for it at the end.
  if (isAnchored && lengthOf(k) < <u32> SPAN) return;
  const weak = weakOf(k);
  const slot = weakSlot(weak);
  const head = load<u32>(slot);
  if (isAnchored) {
    setNext(k, head);
    if (weak > CAP) {
      if (!head) addSpecial(weak);
    } else {
      threshold = max(threshold, weak);
      hasThreshold = true;
    }
  }
  if (isAnchored || !head) store<u32>(slot, k + 1);
  addToFilter(weak);
}

function addSpecial(weak: u32): void {
  if (specialCount == 0) special0 = weak;
  if (specialCount <= 1) special1 = weak;
  specialCount++;
}

/** Its high bits choose a word of the filter, and twelve in the middle two bits of that word. */
@inline
function filterHash(weak: u32): u64 {
  return <u64>weak * 0x9e3779b97f4a7c15;
}

function addToFilter(weak: u32): void {
  const hash = filterHash(weak);
  const word = filter + (<usize>(hash >> filterShift) << 3);
  store<u64>(word, load<u64>(word) | <u64>1 << (hash >> 24 & 63) | <u64>1 << (hash >> 30 & 63));
}

/** 1 if a weak sum may be known: wrongly so for less than one in a hundred. Else 0. */
@inline
export function mayKnow(weak: u32): u32 {
  const hash = filterHash(weak);
  const word = load<u64>(filter + (<usize>(hash >> filterShift) << 3));
  return <u32>(word >> (hash >> 24 & 63) & word >> (hash >> 30 & 63)) & 1;
}

/** Whether a shingle's hash may be an anchor. */
@inline
export function mayBeAnchor(hash: u32): bool {
  return (specialCount > 0 || hasThreshold && hash <= threshold) && <bool>mayKnow(hash);
}

/** The first record with a weak sum plus 1, or 0. */
export function head(weak: u32): u32 {
  return load<u32>(weakSlot(weak));
}

/** The kept block with this key and the strong sum at `sum` plus 1, or 0. */
export function find(key: u32, sum: usize): u32 {
  return load<u32>(strongSlot(key, sum));
}

/** The slot of the record with this key and strong sum, or the free one where it would be. */
function strongSlot(key: u32, sum: usize): usize {
  let hash = key ^ seed;
  let i: usize = 0;
  for (; i + 4 <= strongLength; i += 4) hash = (rotl<u32>(hash, 13) ^ load<u32>(sum + i)) * 0x9e3779b1;
  for (; i < strongLength; i++) hash = (hash ^ load<u8>(sum + i)) * 0x01000193;
  let slot = firstSlot(mix(hash));
  let k = load<u32>(byStrong + (<usize>slot << 2));
  while (k && !(keyOf(k - 1) == key && hasStrong(k - 1, sum))) {
    slot = nextSlot(slot);
    k = load<u32>(byStrong + (<usize>slot << 2));
  }
  return byStrong + (<usize>slot << 2);
}

function weakSlot(weak: u32): usize {
  let slot = firstSlot(mix(weak ^ seed));
  let k = load<u32>(byWeak + (<usize>slot << 2));
  while (k && weakOf(k - 1) != weak) {
    slot = nextSlot(slot);
    k = load<u32>(byWeak + (<usize>slot << 2));
  }
  return byWeak + (<usize>slot << 2);
}
