import { toPatchBasis } from "../../basis/basis_source.ts";
import { hex } from "../../common/bytes.ts";
import type { Backend } from "../../kernel/interface.ts";
import { createDigest } from "../../stages/digest.ts";
import { SIG_TYPE } from "../protocol/media_types.ts";
import { layeredSigStream } from "../../sync/layered_sig_stream.ts";
import { recommendedLayers } from "../../sync/recommended_layers.ts";
import type { Gate } from "./_gate.ts";
import type { OpenFile } from "./_open_files.ts";
import { streamOf } from "../../streams/stream_of.ts";
import { readRuns } from "./read_runs.ts";
import type { Content } from "./_reading.ts";
import { readAll } from "./_request_body.ts";

/** Bytes of SHA-256 that a tag has. */
const TAG_LENGTH = 16;
const SALT_LENGTH = 16;

/** Which strong sums a signature has. Long ones are for those to whom short ones were equal by chance. */
export type SigKind = "sig" | "long-sig";

/** A wrong block is found about once in 2^bits syncs. */
const MARGIN_BITS = { "sig": 10, "long-sig": 40 };

/** The layered signature of a version of a file. */
export interface MadeSignature extends Content {
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly fileDigest: string;
}

/** Options of {@linkcode SignatureCache}. */
export interface SignatureCacheOptions {
  /** Bytes that are kept. The signature that was used last is kept however long it is. */
  readonly maxLength: number;
  /** Bounds how many are made at once. */
  readonly gate: Gate;
  /** What salts follow from. Random salts if it is not given. */
  readonly secret: string | undefined;
  /** What computes the sums, and so the digests. */
  readonly backend: Backend | undefined;
}

/** Makes the layered signature of each version of a file once, and keeps those that were used last. */
export class SignatureCache {
  readonly #options: SignatureCacheOptions;
  /** By URL and entity tag; the one used last is the last. */
  readonly #made = new Map<string, MadeSignature>();
  readonly #underWay = new Map<string, Promise<MadeSignature>>();
  #length = 0;

  constructor(options: SignatureCacheOptions) {
    this.#options = options;
  }

  /** The signature if it was made, undefined otherwise. */
  peek(url: URL, { entityTag }: OpenFile): MadeSignature | undefined {
    return this.#made.get(keyOf(url, entityTag, "sig"));
  }

  /** The signature. It is made, also if those who wait for it go away. */
  async get(url: URL, file: OpenFile, kind: SigKind): Promise<MadeSignature> {
    const key = keyOf(url, file.entityTag, kind);
    const made = this.#made.get(key);
    if (made) {
      this.#made.delete(key);
      this.#made.set(key, made);
      return made;
    }
    let making = this.#underWay.get(key);
    if (!making) {
      making = this.#make(key, file.hold(), kind);
      this.#underWay.set(key, making);
      // Those who wait see it as well.
      making.catch(() => {}).then(() => this.#underWay.delete(key));
    }
    return await making;
  }

  async #make(key: string, file: OpenFile, kind: SigKind): Promise<MadeSignature> {
    const { gate, secret, backend } = this.#options;
    let leave: (() => void) | undefined;
    try {
      leave = await gate.enter();
      const salt = secret === undefined ? undefined : await saltOf(secret, key);
      const made = await makeSignature(file, { marginBits: MARGIN_BITS[kind], salt, backend });
      this.#keep(key, made);
      return made;
    } finally {
      leave?.();
      await file.release();
    }
  }

  #keep(key: string, made: MadeSignature): void {
    this.#made.set(key, made);
    this.#length += made.size;
    for (const [oldKey, { size }] of this.#made) {
      if (this.#length <= this.#options.maxLength || oldKey === key) return;
      this.#made.delete(oldKey);
      this.#length -= size;
    }
  }
}

interface SignatureParts {
  readonly marginBits: number;
  readonly salt: Uint8Array | undefined;
  readonly backend: Backend | undefined;
}

async function makeSignature(
  file: OpenFile,
  { marginBits, salt, backend }: SignatureParts,
): Promise<MadeSignature> {
  const { source, size, entityTag, modifiedMs } = file;
  const layers = recommendedLayers(size, marginBits);
  const stream = layeredSigStream({ layers, entityTag, modifiedMs, salt, backend });
  const readable = streamOf(readRuns(source, [{ offset: 0, length: size }])).pipeThrough(stream);
  const bytes = await readAll(readable);
  const digest = sha256(bytes, backend);
  return {
    source: toPatchBasis(bytes),
    size: bytes.length,
    // By its content: a signature that is made again has another salt.
    entityTag: `"${digest.slice(0, 2 * TAG_LENGTH)}"`,
    modifiedMs,
    contentType: SIG_TYPE,
    digest,
    fileDigest: stream.stats.digest!,
  };
}

function sha256(bytes: Uint8Array, backend: Backend | undefined): string {
  const sum = createDigest(backend);
  sum.update(bytes);
  return hex(sum.digest());
}

/** 16 bytes that nobody can guess without the secret. */
async function saltOf(secret: string, key: string): Promise<Uint8Array> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const hash = "SHA-256";
  const hmac = await crypto.subtle.importKey("raw", encode(secret), { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", hmac, encode(key))).slice(0, SALT_LENGTH);
}

function keyOf(url: URL, entityTag: string, kind: SigKind): string {
  return `${url.href} ${entityTag} ${kind}`;
}
