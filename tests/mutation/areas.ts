/** Areas of the library: where faults are put, and which tests ought to notice. */

/** One area. */
export interface Area {
  readonly name: string;
  /** Whether a file, by its path from the root, belongs to it. */
  readonly files: RegExp;
  /** Files of tests in `tests/` that look after it, the quickest first. */
  readonly tests: readonly string[];
}

/** Titles of tests that take longer than all others of their area, and look at what others look at too. */
export const TOO_SLOW = new RegExp([
  "fills buffers with what is there",
  "reads at most eight times what is copied",
  "in place where a file cannot be renamed",
  "opens 100,000 digests",
  "a flipped byte of a layered signature",
  "a million copies of a byte",
  "a wasm index takes at most 64 bytes",
  "give up on the same windows of a hostile target",
].join("|"));

export const AREAS: readonly Area[] = [
  {
    name: "options",
    files: /^src\/(common\/checks|stages\/(sig_options|delta_options|lengths)|recommended_lengths)\.ts$/,
    tests: ["options", "backend_option", "input_kinds", "stats", "lengths", "librsync_formats"],
  },
  {
    name: "engine",
    files: /^src\/(engine\/|basis\/|stages\/(matcher|patcher|signer|_join)\.ts)/,
    tests: [
      "resources",
      "hostile_deltas",
      "transcode",
      "handover",
      "basis",
      "matching",
      "chunk_owners",
      "rsync_streams",
    ],
  },
  {
    name: "streams",
    files: /^src\/(streams\/|common\/(bytes|give_way|is_promise)\.ts|[a-z_]+_(stream|sigs?|delta)\.ts)/,
    tests: [
      "buffers",
      "options",
      "stats",
      "input_kinds",
      "handover",
      "resources",
      "cancel_stages",
      "cancel_failures",
      "cancel_basis",
      "cancel",
      "chunk_owners",
      "backpressure",
    ],
  },
  {
    name: "formats and errors",
    files: /^src\/(formats\/|stages\/(inspect|loader|_written|transcoder|signature)\.ts|common\/rsync_error\.ts)/,
    tests: [
      "hostile_sigs",
      "hostile_deltas",
      "cli_run",
      "luapower",
      "librsync_formats",
      "librsync_malformed",
      "byte_reader",
      "transcode",
      "rsync_streams",
      "rsync_streams_layered",
      "rsync_streams_footers",
      "offsets",
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
    tests: ["custom_sums", "resources", "adapters", "callbacks"],
  },
  {
    name: "files",
    files: /^src\/(files\/|common\/is_permitted\.ts)/,
    tests: [
      "files_system",
      "files_readable",
      "files_warnings",
      "files_folder",
      "files_writable",
      "files_basis",
      "files_in_place",
      "files_basis_reads",
    ],
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
    tests: ["layered_sig", "sync_plan", "sync_reads", "differential/repeats", "rsync_streams_layered"],
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
      "http/fetch_update_end",
      "http/fetch_update_hosts",
    ],
  },
];
