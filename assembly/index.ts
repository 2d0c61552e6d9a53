export { digest_final, digest_init, digest_state_size, digest_update } from "./digest";
export { rabinkarp_blocks } from "./rabinkarp_blocks";
export { index_add, index_init, index_stride } from "./records";
export { rollsum_blocks } from "./rollsum_blocks";
export { search } from "./search";
export {
  searcher_false_alarms,
  searcher_good_alarms,
  searcher_init,
  searcher_is_cut_short,
  searcher_set_bytes,
  searcher_settled,
  searcher_shift,
  searcher_size,
} from "./searcher";
export { strong_key_size } from "./key";
export { strong_blocks } from "./strong_blocks";
export { strong_key_init } from "./strong_key";
export { index_insert, index_tables } from "./tables";
