/** Answers to `PATCH`: a delta makes the next version of a file. */
import { RsyncError } from "../../common/rsync_error.ts";
import { DELTA_TYPE, mediaTypeOf } from "../protocol/media_types.ts";
import { failedCondition } from "./_conditions.ts";
import type { OpenFile } from "./_open_files.ts";
import { Problem } from "./_problem.ts";
import { preconditionFailed } from "./_reading.ts";
import { codingOf, type InputLimits, openRequestBody } from "./_request_body.ts";
import { Upload } from "./_upload.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What the patching of one file needs. */
export interface PatchContext {
  readonly limits: InputLimits;
  readonly maxOutputLength: number;
  /** Opens the version that is there now. */
  readonly open: () => Promise<OpenFile | undefined>;
  /** The path of the file. */
  readonly path: string;
  /** Waits until no other upload has the lock of a name. Returns what lets go of it. */
  readonly lock: (name: string) => Promise<() => void>;
  /** Replaces the file at the end of the readable. */
  readonly commit: (readable: ReadableStream<Bytes>) => unknown;
}

/** Errors of a patch that a basis which was changed meanwhile makes. */
const BASIS_CODES: readonly string[] = ["copy-out-of-range", "digest-mismatch", "basis-short-read"];

/** @throws {Problem} 415 or 428, if the headers are not those of an upload. */
export function checkPatchHeaders(request: Request): void {
  const { headers } = request;
  const type = mediaTypeOf(headers);
  if (type !== DELTA_TYPE) {
    const seen = type === "" ? "no Content-Type" : `Content-Type ${type}`;
    const detail = `Cannot apply the patch: ${seen} was seen, ${DELTA_TYPE} was expected`;
    throw new Problem(415, detail, { headers: { "Accept-Patch": DELTA_TYPE } });
  }
  codingOf(request);
  if (headers.has("If-Match") || headers.get("If-None-Match")?.trim() === "*") return;
  const expected = "If-Match with the tag of the basis, or If-None-Match: * for a new file, was expected";
  throw new Problem(428, `Cannot apply the patch: the request has no condition, ${expected}`);
}

/**
 * Patches a file.
 *
 * Uploads of one file run side by side. Before one ends, it waits for the locks of the file and looks whether the file
 * is still the version that was patched. It keeps the locks until the file is replaced, so the first one wins.
 *
 * @param file The version that is there, or undefined if there is none.
 * @throws {Problem | RsyncError} If the file stays as it was.
 */
export async function answerPatch(
  request: Request,
  file: OpenFile | undefined,
  context: PatchContext,
): Promise<Response> {
  const { limits, maxOutputLength, open, path, lock, commit } = context;
  if (failedCondition(request, file)) throw preconditionFailed(file?.entityTag);
  const checkVersion = async () => {
    const now = await open();
    await now?.release();
    if (now?.entityTag !== file?.entityTag) throw preconditionFailed(now?.entityTag);
  };
  // Several paths may lead to one version, and other files may have its tag, as first versions do. The path comes last,
  // so that no two wait for each other.
  const names = file ? [file.entityTag + file.size, path] : [path];
  const unlocks: (() => void)[] = [];
  const upload = new Upload({
    delta: openRequestBody(request, limits),
    basis: file?.basis ?? { size: 0, read: () => new Uint8Array(0) },
    maxOutputLength,
    signal: request.signal,
    beforeEnd: async () => {
      for (const name of names) {
        const unlock = await lock(name);
        // It may have failed meanwhile, and be over.
        if (upload.failure) return unlock();
        unlocks.push(unlock);
      }
      await checkVersion();
    },
  });
  try {
    await carryOut(upload, commit, checkVersion);
    const now = await open();
    await now?.release();
    const headers: HeadersInit = now ? { ETag: now.entityTag } : {};
    return new Response(null, { status: file ? 204 : 201, headers });
  } finally {
    for (const unlock of unlocks) unlock();
  }
}

/** Lets the file be replaced, and throws why it was not. */
async function carryOut(
  upload: Upload,
  commit: PatchContext["commit"],
  checkVersion: () => Promise<void>,
): Promise<void> {
  let failure: { readonly reason: unknown } | undefined;
  try {
    await commit(upload.readable);
  } catch (reason) {
    failure = { reason };
  }
  // What went wrong first is the answer, whatever was made of it.
  failure = upload.failure ?? failure;
  await upload.stop(failure?.reason);
  if (failure) {
    const { reason } = failure;
    if (reason instanceof RsyncError && BASIS_CODES.includes(reason.code)) await checkVersion();
    throw reason;
  }
  if (!upload.isWhole) throw new TypeError("Cannot use commit(): it resolved before its readable had ended");
}
