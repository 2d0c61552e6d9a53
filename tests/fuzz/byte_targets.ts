/** Fuzz targets whose inputs are bytes, and their corpus. */
import { Buffer } from "node:buffer";
import { RsyncError, sigStream } from "rsync-streams";
import { fetchUpdate, HttpError } from "rsync-streams/http";
import { layeredSigStream } from "rsync-streams/sync";
import { assertBytes, fromBase64, makeDelta, makeSigs, SALT, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { deltas } from "./deltas.ts";
import { type Bytes, inTime, through } from "./property.ts";
import { checkLayeredBytes, checkSigBytes } from "./signatures.ts";

/** Bytes, and what has to hold whatever they are. */
export interface ByteTarget {
  readonly name: string;
  /** Good inputs to start from. */
  seeds(): Promise<Bytes[]>;
  /** Rejects if something does not hold. */
  check(bytes: Bytes): Promise<void>;
}

const FORMATS = ["rsync-streams", "librsync", "luapower"] as const;
const BLOCK_LENGTH = 64;
const OLD = concat([randomBytes(1, 400), new Uint8Array(100), randomBytes(2, 300)]);
const NEW = concat([OLD.subarray(200), randomBytes(3, 50), OLD.subarray(0, 230)]);

/** An input whose first byte names a format. */
function withFormat(index: number, bytes: Uint8Array): Bytes {
  return concat([Uint8Array.of(index), bytes]);
}

function formatOf(bytes: Bytes): (typeof FORMATS)[number] {
  return FORMATS[(bytes[0] ?? 0) % FORMATS.length]!;
}

/** Where the chunks of an input break off. */
const seedOf = (bytes: Bytes) => 1 + bytes.length;

const sigOptions = FORMATS.map((format) => ({
  format,
  blockLength: BLOCK_LENGTH,
  ...(format === "rsync-streams" && { salt: SALT }),
}));

const byteDeltas: ByteTarget = {
  name: "deltas",
  async seeds() {
    return await Promise.all(sigOptions.map(async (options, i) => {
      return withFormat(i, (await makeDelta(NEW, await makeSigs(OLD, options))).bytes);
    }));
  },
  check: (bytes) => deltas.check({ format: formatOf(bytes), seed: seedOf(bytes), bytes: bytes.slice(1) }),
};

const byteSignatures: ByteTarget = {
  name: "signatures",
  async seeds() {
    return await Promise.all(
      sigOptions.map(async (options, i) => withFormat(i, await through(OLD, sigStream(options)))),
    );
  },
  async check(bytes) {
    const input = { format: formatOf(bytes), blockLength: BLOCK_LENGTH, seed: seedOf(bytes), bytes: bytes.slice(1) };
    await checkSigBytes(input, NEW);
  },
};

const layers = [{ blockLength: 128, strongLength: 6 }, { blockLength: 32, strongLength: 8 }];

const plans: ByteTarget = {
  name: "plans",
  seeds:
    async () => [await through(NEW, layeredSigStream({ layers, salt: SALT, entityTag: '"1"', modifiedMs: 1_000 }))],
  check: async (bytes) => void await checkLayeredBytes(bytes, OLD, NEW, seedOf(bytes)),
};

/** The address of a file, and that of its signature. */
const URL_OF_FILE = "http://localhost/f";
const SIG = await through(NEW, layeredSigStream({ layers, salt: SALT }));
const BOUNDARY = "b";

/** The parts of a file that a request asks for, as a server sends them. */
function multipart(file: Bytes, runs: readonly (readonly [from: number, to: number])[]): Bytes {
  const text = (words: string) => new TextEncoder().encode(words);
  const parts = runs.flatMap(([from, to]) => [
    text(`\r\n--${BOUNDARY}\r\nContent-Range: bytes ${from}-${to}/${file.length}\r\n\r\n`),
    file.subarray(from, to + 1),
  ]);
  return concat([...parts, text(`\r\n--${BOUNDARY}--\r\n`)]);
}

/** An honest answer to a request for a file, or for one range of it. */
function answerTo(method: string | undefined, range: string, file: Bytes): Response {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (method === "HEAD" || range === "") {
    return new Response(method === "HEAD" ? null : file, { headers: { "Content-Length": `${file.length}` } });
  }
  const from = first === "" ? Math.max(0, file.length - Number(last)) : Number(first);
  const to = first === "" || last === "" ? file.length - 1 : Math.min(Number(last), file.length - 1);
  const headers = { "Content-Range": `bytes ${from}-${to}/${file.length}` };
  return new Response(file.slice(from, to + 1), { status: 206, headers });
}

const answers: ByteTarget = {
  name: "answers",
  seeds: () => Promise.resolve([multipart(NEW, [[576, 671], [864, 879]]), multipart(NEW, [[576, 879]])]),
  /** The bytes are the body of an answer with several ranges. */
  async check(bytes) {
    const fetch = (url: string, init?: RequestInit): Promise<Response> => {
      const range = new Headers(init?.headers).get("Range") ?? "";
      if (range.includes(",")) {
        const headers = { "Content-Type": `multipart/byteranges; boundary=${BOUNDARY}` };
        return Promise.resolve(new Response(bytes, { status: 206, headers }));
      }
      return Promise.resolve(answerTo(init?.method, range, url.endsWith(".rsig") ? SIG : NEW));
    };
    try {
      const { readable } = await inTime(fetchUpdate(URL_OF_FILE, OLD, { fetch, timeoutMs: 5_000 }), 600);
      // The host is honest where it is asked for one range, or for all. So the file is right, verified or not.
      assertBytes(await inTime(toBytes(readable), 600), NEW, "file");
    } catch (error) {
      if (!(error instanceof HttpError || error instanceof RsyncError)) throw error;
    }
  },
};

export const BYTE_TARGETS: readonly ByteTarget[] = [byteDeltas, byteSignatures, plans, answers];

function corpusUrl({ name }: ByteTarget): URL {
  return new URL(`corpus/bytes_${name}.json`, import.meta.url);
}

/** The inputs that were kept: base64 in a list of JSON. */
export async function readCorpus(target: ByteTarget): Promise<Bytes[]> {
  try {
    return (JSON.parse(await Deno.readTextFile(corpusUrl(target))) as string[]).map(fromBase64);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

export async function writeCorpus(target: ByteTarget, inputs: readonly Bytes[]): Promise<void> {
  const lines = inputs.map((bytes) => Buffer.from(bytes).toString("base64"));
  await Deno.writeTextFile(corpusUrl(target), `${JSON.stringify(lines, undefined, 2)}\n`);
}
