// Two hash tables over the records. One is keyed by key and strong sum and holds one of equal blocks. The other is
// keyed by weak sum, and leads to the chain of the different blocks that have it.
//
// A slot is a u32: the number of a record plus 1, and in the bits that no number needs, some of the record's hash.
// Those bits rule out most slots of other records without a look at the record, which is not in a cache.
import { ANCHOR_CAP, SHINGLE_LENGTH, TWIN_STEPS, WORST_HASH } from "./_generated/rules";
import { addToFilter, mayKnow, setFilter } from "./filter";
import {
  blockLength,
  hasStrong,
  isAnchored,
  keyOf,
  lengthOf,
  nextOf,
  offsetOf,
  record,
  recordCount,
  setLastLength,
  setNext,
  strongAt,
  strongLength,
  weakOf,
} from "./records";

/** Special anchors that the scan compares with directly. If there are more, it looks every position up. */
export const MAX_SPECIALS: u32 = 2;

let seed: u32 = 0;
let byStrong: usize = 0;
let byWeak: usize = 0;
let slots: u32 = 0;
/** How many bits of a slot hold the number. */
let numberBits: u32 = 0;
/** The greatest anchor that is not special, and whether there is one. */
export let threshold: u32 = 0;
export let hasThreshold: bool = false;
export let specialCount: u32 = 0;
export let special0: u32 = 0;
export let special1: u32 = 0;
/** The record that stands for all fills plus 1. 0 if there is none, or if others have the anchor of fills too. */
export let fillRecord: u32 = 0;

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

@inline
function numberIn(slot: u32): u32 {
  return slot & (1 << numberBits) - 1;
}

/** Whether a slot may hold a record with this hash. */
@inline
function mayHold(slot: u32, hash: u32): bool {
  return (slot ^ hash << numberBits) >>> numberBits == 0;
}

function setSlot(at: usize, hash: u32, number: u32): void {
  store<u32>(at, hash << numberBits | number);
}

/**
 * Makes the tables in zeroed memory.
 *
 * @param strongTable Address of `slotCount` slots of 4 bytes.
 * @param weakTable Address of as many.
 * @param filterWords Address of `filterLength` bytes, a power of two.
 * @param random Seed of the hashes.
 * @param last Length of the last block.
 * @param keepLast Whether the last of equal blocks stands for all of them, or the first.
 */
export function index_finish(
  strongTable: usize,
  weakTable: usize,
  slotCount: u32,
  filterWords: usize,
  filterLength: u32,
  random: u32,
  last: u32,
  keepLast: bool,
): void {
  byStrong = strongTable;
  byWeak = weakTable;
  slots = slotCount;
  numberBits = 32 - clz(recordCount);
  setFilter(filterWords, filterLength);
  seed = random;
  threshold = 0;
  hasThreshold = false;
  specialCount = 0;
  setLastLength(last);
  for (let k: u32 = 0; k < recordCount; k++) insert(k, keepLast);
  const worst = isAnchored ? head(WORST_HASH) : 0;
  fillRecord = worst && isOfFill(worst - 1) && !nextOf(worst - 1) && lengthOf(worst - 1) == blockLength ? worst : 0;
}

function insert(k: u32, keepLast: bool): void {
  const hash = strongHash(keyOf(k), record(k) + strongAt);
  const slot = strongSlot(hash, keyOf(k), record(k) + strongAt);
  const isNew = !load<u32>(slot);
  if (isNew || keepLast) setSlot(slot, hash, k + 1);
  if (isNew) insertWeak(k);
}

function insertWeak(k: u32): void {
  // A block without a shingle cannot be met anywhere: the searcher looks for it at the end.
  if (isAnchored && lengthOf(k) < SHINGLE_LENGTH) return;
  const weak = weakOf(k);
  const hash = mix(weak ^ seed);
  const slot = weakSlot(hash, weak);
  const head = numberIn(load<u32>(slot));
  if (isAnchored) {
    if (hasTwin(k, head)) return;
    setNext(k, head);
    if (weak > ANCHOR_CAP) {
      if (!head) addSpecial(weak);
    } else {
      threshold = max(threshold, weak);
      hasThreshold = true;
    }
  }
  if (isAnchored || !head) setSlot(slot, hash, k + 1);
  addToFilter(weak);
}

/** Whether an earlier record of a chain leads to the same windows with the same check. Fills do, by the hundred. */
function hasTwin(k: u32, head: u32): bool {
  for (let i: u32 = 0; head && i < TWIN_STEPS; i++) {
    const other = head - 1;
    if (offsetOf(other) == offsetOf(k) && keyOf(other) == keyOf(k) && lengthOf(other) == lengthOf(k)) return true;
    head = nextOf(other);
  }
  return false;
}

/** Whether a record is that of a fill (docs/formats/rsync-streams.md, "The anchor"). */
@inline
export function isOfFill(k: u32): bool {
  return weakOf(k) == WORST_HASH && !offsetOf(k) && !keyOf(k);
}

function addSpecial(weak: u32): void {
  if (specialCount == 0) special0 = weak;
  if (specialCount <= 1) special1 = weak;
  specialCount++;
}

/** Whether a shingle's hash may be that of an anchor: true for some that are not. */
@inline
export function mayBeAnchor(hash: u32): bool {
  return (specialCount > 0 || hasThreshold && hash <= threshold) && mayKnow(hash);
}

/** The first record with a weak sum plus 1, or 0. */
export function head(weak: u32): u32 {
  return numberIn(load<u32>(weakSlot(mix(weak ^ seed), weak)));
}

/** The kept block with this key and the strong sum at `sum` plus 1, or 0. */
export function find(key: u32, sum: usize): u32 {
  return numberIn(load<u32>(strongSlot(strongHash(key, sum), key, sum)));
}

function strongHash(key: u32, sum: usize): u32 {
  let hash = key ^ seed;
  let i: usize = 0;
  for (; i + 4 <= strongLength; i += 4) hash = (rotl<u32>(hash, 13) ^ load<u32>(sum + i)) * 0x9e3779b1;
  for (; i < strongLength; i++) hash = (hash ^ load<u8>(sum + i)) * 0x01000193;
  return mix(hash);
}

/** The address of the slot of the record with this key and strong sum, or of the free slot where it would go. */
function strongSlot(hash: u32, key: u32, sum: usize): usize {
  let slot = firstSlot(hash);
  let held = load<u32>(byStrong + (<usize>slot << 2));
  while (held) {
    const k = numberIn(held) - 1;
    if (mayHold(held, hash) && keyOf(k) == key && hasStrong(k, sum)) break;
    slot = nextSlot(slot);
    held = load<u32>(byStrong + (<usize>slot << 2));
  }
  return byStrong + (<usize>slot << 2);
}

/** The address of the slot of the chain of records with this weak sum, or of the free slot where it would go. */
function weakSlot(hash: u32, weak: u32): usize {
  let slot = firstSlot(hash);
  let held = load<u32>(byWeak + (<usize>slot << 2));
  while (held && !(mayHold(held, hash) && weakOf(numberIn(held) - 1) == weak)) {
    slot = nextSlot(slot);
    held = load<u32>(byWeak + (<usize>slot << 2));
  }
  return byWeak + (<usize>slot << 2);
}
