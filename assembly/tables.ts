// Two hash tables over the records. One is keyed by weak and strong sum and holds one of equal blocks. The other is
// keyed by weak sum alone, holds one record of those that have it, and answers whether a weak sum is known.
//
// A slot is a u32: the number of a record plus 1, and in the bits that no number needs, some of the record's hash.
// Those bits rule out most slots of other records without a look at the record, which is not in a cache.
import { addToFilter, setFilter } from "./filter";
import { setKey, strongHash, weakHash } from "./keyed_hash";
import { hasStrong, record, recordCount, setLastLength, STRONG_AT, strongLength, weakOf } from "./records";

let byStrong: usize = 0;
let byWeak: usize = 0;
let slots: u32 = 0;
/** How many bits of a slot hold the number. */
let numberBits: u32 = 0;

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
 * Goes to the tables of an index. At first they lie in zeroed memory.
 *
 * @param strongTable Address of `slotCount` slots of 4 bytes.
 * @param weakTable Address of as many.
 * @param filterWords Address of `filterLength` bytes, a power of two.
 * @param low The key of the hashes, with `high`. Nobody else knows it.
 * @param last Length of the last block.
 */
export function index_tables(
  strongTable: usize,
  weakTable: usize,
  slotCount: u32,
  filterWords: usize,
  filterLength: u32,
  low: u32,
  high: u32,
  last: u32,
): void {
  byStrong = strongTable;
  byWeak = weakTable;
  slots = slotCount;
  numberBits = 32 - clz(recordCount);
  setKey(low, high);
  setFilter(filterWords, filterLength);
  setLastLength(last);
}

/**
 * Puts records into the tables, in their order.
 *
 * @param from The first of them.
 * @param to The one after the last.
 * @param keepLast Whether the last of equal blocks stands for all of them, or the first.
 */
export function index_insert(from: u32, to: u32, keepLast: bool): void {
  for (let k = from; k < to; k++) insert(k, keepLast);
}

function insert(k: u32, keepLast: bool): void {
  const hash = strongHash(weakOf(k), record(k) + STRONG_AT, strongLength);
  const slot = strongSlot(hash, weakOf(k), record(k) + STRONG_AT);
  const isNew = !load<u32>(slot);
  if (isNew || keepLast) setSlot(slot, hash, k + 1);
  if (isNew) insertWeak(k);
}

function insertWeak(k: u32): void {
  const weak = weakOf(k);
  const hash = weakHash(weak);
  const slot = weakSlot(hash, weak);
  if (!load<u32>(slot)) setSlot(slot, hash, k + 1);
  addToFilter(weak);
}

/** Whether a record has this weak sum. */
export function knows(weak: u32): bool {
  return load<u32>(weakSlot(weakHash(weak), weak)) != 0;
}

/** The kept block with this weak sum and the strong sum at `sum` plus 1, or 0. */
export function find(weak: u32, sum: usize): u32 {
  return numberIn(load<u32>(strongSlot(strongHash(weak, sum, strongLength), weak, sum)));
}

/** The address of the slot of the record with these sums, or of the free slot where it would go. */
function strongSlot(hash: u32, weak: u32, sum: usize): usize {
  let slot = firstSlot(hash);
  let held = load<u32>(byStrong + (<usize>slot << 2));
  while (held) {
    const k = numberIn(held) - 1;
    if (mayHold(held, hash) && weakOf(k) == weak && hasStrong(k, sum)) break;
    slot = nextSlot(slot);
    held = load<u32>(byStrong + (<usize>slot << 2));
  }
  return byStrong + (<usize>slot << 2);
}

/** The address of the slot of the record with this weak sum, or of the free slot where it would go. */
function weakSlot(hash: u32, weak: u32): usize {
  let slot = firstSlot(hash);
  let held = load<u32>(byWeak + (<usize>slot << 2));
  while (held && !(mayHold(held, hash) && weakOf(numberIn(held) - 1) == weak)) {
    slot = nextSlot(slot);
    held = load<u32>(byWeak + (<usize>slot << 2));
  }
  return byWeak + (<usize>slot << 2);
}
