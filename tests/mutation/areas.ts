/** Areas of the library: where faults are put, and which tests ought to notice. */

/** One area. */
export interface Area {
  readonly name: string;
  /** Whether a file, by its path from the root, belongs to it. */
  readonly files: RegExp;
  /** Files of tests in `tests/` that look after it, those first that notice most and take little time. */
  readonly tests: readonly string[];
}

/** Titles of tests that take longer than all others of their area, and look at what others look at too. */
export const TOO_SLOW = new RegExp([
  "fills buffers with what is there",
  "reads at most eight times what is copied",
  "in place where a file cannot be renamed",
  "opens 100,000 digests",
  "makes the plans of a simple implementation",
  "a flipped byte of a layered signature",
  "a million copies of a byte",
  "a wasm index takes at most 64 bytes",
  "give up on the same windows of a hostile target",
].join("|"));

export const AREAS: readonly Area[] = [
  {
    name: "options",
    files: /^src\/(common\/checks|stages\/(sig_options|delta_options|lengths)|recommended_lengths)\.ts$/,
    tests: ["checks", "lengths", "option_names", "options", "traits", "load_limits", "librsync_formats"],
  },
  {
    name: "engine",
    files: /^src\/(engine\/|basis\/|stages\/(matcher|patcher|signer|_join)\.ts)/,
    tests: [
      "matcher",
      "patcher",
      "signer",
      "commands",
      "input_window",
      "basis_doors",
      "basis",
      "written",
      "resources",
      "hostile_deltas",
      "transcode",
      "handover",
      "cancel",
      "matching",
      "rsync_streams",
    ],
  },
  {
    name: "streams",
    files: /^src\/(streams\/|common\/(bytes|give_way|is_promise)\.ts|[a-z_]+_(stream|sigs?|delta)\.ts)/,
    tests: [
      "stage_pair",
      "bytes",
      "byte_source",
      "written_lengths",
      "give_way",
      "option_names",
      "buffers",
      "options",
      "handover",
      "sources",
      "resources",
      "cancel",
      "backpressure",
    ],
  },
  {
    name: "formats and errors",
    files: /^src\/(formats\/|stages\/(inspect|loader|_written|transcoder|signature)\.ts|common\/rsync_error\.ts)/,
    tests: [
      "librsync_lies",
      "cuts",
      "traits",
      "rsync_streams",
      "layered_ranges",
      "byte_reader",
      "byte_writer",
      "copy_joiner",
      "inspect",
      "luapower_ring",
      "hostile_sigs",
      "hostile_deltas",
      "librsync_formats",
      "transcode",
      "signature",
      "written",
      "load_limits",
      "bytes",
      "librsync_malformed",
      "offsets",
      "cli_run",
    ],
  },
  {
    name: "assembly",
    files: /^assembly\/(?!_generated|sha256)/,
    tests: ["search_borders", "published_sums"],
  },
  {
    name: "wasm glue",
    files: /^src\/(common\/wasm_permission\.ts|kernel\/(wasm\/(?!_generated)|mod\.ts|check_|sum_batch|random_key))/,
    tests: ["resources", "search_borders", "keyed_sums", "published_sums", "backends"],
  },
  {
    name: "portable",
    files: /^src\/kernel\/portable\//,
    tests: ["sums", "custom_sums", "matching", "search_borders", "published_sums", "backends"],
  },
  {
    name: "callbacks",
    files: /^src\/callbacks\//,
    tests: ["callback_methods", "adapters", "custom_sums", "callbacks", "option_names", "resources"],
  },
  {
    name: "files",
    files: /^src\/(files\/|common\/is_permitted\.ts)/,
    tests: ["files_system", "files"],
  },
  {
    name: "command",
    files: /^src\/cli\/(?!_commands\/pu(ll|sh)|_commands\/(serve|publish)|_serve|_part|_pull|_remote|_update)/,
    tests: ["cli_run", "cli_names", "cli_files"],
  },
  {
    name: "remote commands",
    files: /^src\/cli\/(_commands\/(pull|push|serve|publish)|_serve|_part|_pull|_remote|_update)/,
    tests: ["cli_publish", "http/cli_pull", "http/cli_push", "http/cli_serve"],
  },
  {
    name: "digest",
    files: /^(src\/digest\/(?!_generated)|src\/stages\/digest\.ts|assembly\/sha256)/,
    tests: ["digest", "published_sums"],
  },
  {
    name: "sync",
    files: /^src\/sync\//,
    tests: ["sync"],
  },
  {
    name: "http",
    files: /^src\/http\//,
    tests: [
      "http/run_list",
      "http/handler_reading",
      "http/handler_methods",
      "http/handler_conditions",
      "http/handler_multipart",
      "http/handler_wire",
      "http/handler_patch",
      "http/fetch_update",
    ],
  },
];
