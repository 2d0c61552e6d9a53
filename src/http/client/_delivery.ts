import { countReads } from "../../basis/count_reads.ts";
import { hex } from "../../common/bytes.ts";
import { ChunkList } from "../../common/chunk_list.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import { createDigest } from "../../stages/digest.ts";
import { chosenKernel } from "../../kernel/mod.ts";
import { longSigUrlOf } from "../protocol/media_types.ts";
import type { LayeredSig } from "../../sync/layered_sig.ts";
import { assemble } from "../../basis/assemble.ts";
import { checkedBlocks } from "./checked_blocks.ts";
import { fullDownload } from "./_full_download.ts";
import { fallbackFor, type Prepared, prepareUpdate, type Session, type Work } from "./_prepare.ts";
import type { UpdateFallback } from "./update_plan.ts";

/** Missing bytes that are held in memory, so that the digest is compared before the first byte is given. */
const MAX_HELD_LENGTH = 2 ** 25;

type Chunks = AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>;

/** Carries an update out. */
export class Delivery {
  readonly #session: Session;
  readonly #prepared: Prepared;

  constructor(session: Session, prepared: Prepared) {
    this.#session = session;
    this.#prepared = prepared;
  }

  /**
   * Gives the target, and notes what it was.
   *
   * @throws {RsyncError} At the end, if it has another digest than it must have.
   */
  async *chunks(): Chunks {
    const { stats, hooks, backend, connection: { signal } } = this.#session;
    const hash = createDigest(backend);
    try {
      for await (const chunk of this.#target()) {
        signal?.throwIfAborted(); // bytes of the basis come without a request that would end
        hash.update(chunk);
        stats.bytesOut += chunk.length;
        hooks.onStep?.();
        yield chunk;
      }
      stats.digest = hex(hash.digest());
      const expected = this.#expectedDigest;
      if (expected !== undefined && stats.digest !== expected) throw digestError(stats.digest, expected);
      // What seemed to be another version may be this one: copies of a file on several servers have several tags.
      stats.isVerified = stats.digest === this.#prepared.remote?.sig.footer.digest;
      hooks.onEnd?.();
    } finally {
      hash.release();
    }
  }

  /** The SHA-256 that the target must have, unless its signature is of another version. */
  get #expectedDigest(): string | undefined {
    const { fallback } = this.#session.stats;
    const { remote } = this.#prepared;
    const isOther = fallback === "stale-signature" || fallback === "changed";
    return remote && !isOther ? remote.sig.footer.digest : undefined;
  }

  async *#target(): Chunks {
    const { stats, sigUrl } = this.#session;
    const { work } = this.#prepared;
    if (!work) return yield* this.#whole();
    try {
      if (work.missingLength > MAX_HELD_LENGTH) return yield* this.#unheld(work, this.#prepared.remote!.sig);
      const held = await this.#hold(work);
      if (held) return yield* assemble(work.runs, work.basis, held.values());
      // Sums that are equal by chance are so each time: other ones are needed.
      const retry = await prepareUpdate(this.#session, longSigUrlOf(sigUrl));
      const other = retry.work && retry.plan.digest === this.#expectedDigest ? await this.#hold(retry.work) : undefined;
      if (other) return yield* assemble(retry.work!.runs, retry.work!.basis, other.values());
      stats.fallback = "digest-mismatch";
    } catch (error) {
      // Once bytes were given, only the same version could go on.
      if (stats.bytesOut > 0) throw error;
      const fallback: UpdateFallback = fallbackFor(error);
      stats.fallback = fallback === "no-signature" ? "no-ranges" : fallback;
    }
    yield* this.#whole();
  }

  /** Fetches the missing bytes, if the result has the right digest with them. */
  async #hold({ reader, missing, runs, basis }: Work): Promise<readonly Uint8Array[] | undefined> {
    const { stats, hooks, backend, connection: { signal } } = this.#session;
    const fetched = new ChunkList();
    for await (const bytes of reader.chunks(missing)) fetched.push(bytes);
    const held = fetched.chunks;
    const hash = createDigest(backend);
    const counted = countReads(basis, (count) => stats.bytesRead += count);
    try {
      for await (const chunk of assemble(runs, counted, held.values())) {
        signal?.throwIfAborted();
        hash.update(chunk);
        hooks.onStep?.();
      }
      return hex(hash.digest()) === this.#expectedDigest ? held : undefined;
    } finally {
      hash.release();
    }
  }

  /** The target while its missing bytes come, each block checked before it is given. */
  async *#unheld({ reader, missing, runs, basis }: Work, sig: LayeredSig): Chunks {
    const kernel = chosenKernel(this.#session.backend);
    const bytes = reader.chunks(missing);
    try {
      yield* checkedBlocks(assemble(runs, basis, bytes), { sig, kernel, fetchRun: (run) => reader.chunks([run]) });
    } finally {
      await bytes.return();
    }
  }

  /** The whole file. The signature is of another version if the lengths differ, or the file was modified after it. */
  async *#whole(): Chunks {
    const { connection, url, stats } = this.#session;
    const { remote } = this.#prepared;
    const isVerified = this.#expectedDigest !== undefined;
    yield* fullDownload(connection, { url, isVerified }, ({ headers, length }) => {
      if (remote && stats.fallback !== "changed") {
        const isOther = length !== undefined && length !== remote.sig.footer.fileLength;
        const modified = Date.parse(headers.get("last-modified") ?? "");
        const isNewer = stats.fallback === "digest-mismatch" && modified > remote.modifiedMs;
        if (isOther || isNewer) stats.fallback = "stale-signature";
      }
      stats.total = length ?? (this.#expectedDigest === undefined ? undefined : stats.total);
    });
  }
}

function digestError(seen: string, expected: string): RsyncError {
  const why = `the result has SHA-256 ${seen}, ${expected} was expected`;
  return new RsyncError("digest-mismatch", `Cannot update the file: ${why}`);
}
