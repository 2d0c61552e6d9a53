import fs, { type promises } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { hex } from "../common/bytes.ts";
import { isPermitted } from "../common/is_permitted.ts";
import { createSha256 } from "../digest/mod.ts";

// Windows has no O_NOFOLLOW: it is undefined there, which is no bit.
const { O_CREAT, O_RDWR, O_NOFOLLOW } = fs.constants;

/** Letters of the file's name that the name of its part repeats: at four bytes each, it stays below 255 bytes. */
const MAX_NAME_LENGTH = 50;
/** Only their owner reads parts, whatever mode the file will have. */
const MODE = 0o600;

/** A place in the part for the bytes of one answer. */
interface Extent {
  at: number;
  end: number;
}

/**
 * What a pull has fetched so far, beside the file that it will make: `.NAME.rsync-streams.part`.
 *
 * It holds the bodies of the answers in any order, and gaps. So it is no file that anybody could use, but the next pull
 * searches it as it searches the old file, and finds all blocks that were fetched. Bytes are written as they come, so
 * even a killed process leaves them. What is in it need not be trusted: the digest of the result decides.
 */
export class PartFile {
  readonly #path: string;
  #file: promises.FileHandle | undefined;
  #creating: Promise<promises.FileHandle> | undefined;
  /** Where the next answer goes. */
  #end: number;
  /** Nothing is kept any more, such as on a full disk. */
  #isBroken = false;
  /** Bytes that an earlier pull has left. */
  readonly length: number;
  /** Bytes that this pull has added. */
  addedLength = 0;

  private constructor(path: string, file: promises.FileHandle | undefined, length: number) {
    this.#path = path;
    this.#file = file;
    this.#end = length;
    this.length = length;
  }

  /** Opens the part of a file, if there is one. It is created once there is something to keep. */
  static async open(target: string): Promise<PartFile> {
    const path = await partPath(target);
    try {
      const file = await openOwn(path, O_RDWR);
      return new PartFile(path, file, (await file.stat()).size);
    } catch {
      return new PartFile(path, undefined, 0);
    }
  }

  /** Reads what an earlier pull has left. */
  async readInto(buffer: Uint8Array, offset: number): Promise<number> {
    const length = Math.min(buffer.length, this.length - offset);
    if (!this.#file) throw new Error("Cannot read the part: it is closed");
    return (await this.#file.read(buffer, 0, length, offset)).bytesRead;
  }

  /** Drops what an earlier pull has left, which is of no use. */
  async empty(): Promise<void> {
    await this.#file?.truncate(0).catch(() => {});
    this.#end = 0;
  }

  /** Whether some bytes more have room on its disk. True if the system or the runtime does not say. */
  async hasRoom(length: number): Promise<boolean> {
    // Deno would ask the user for the permission.
    if (!isPermitted({ name: "sys", kind: "statfs" })) return true;
    const disk = await fs.promises.statfs(dirname(this.#path)).catch(() => undefined);
    return !disk?.blocks || disk.bavail * disk.bsize >= length;
  }

  /** Keeps the body of an answer while it is read. */
  keep(response: Response): Response {
    const { body, status, headers } = response;
    if (!body || status !== 200 && status !== 206) return response;
    const reader = body.getReader();
    const extent = this.#reserve(headers);
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            await this.#write(extent, value);
            return controller.enqueue(value);
          }
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        this.#giveBack(extent);
      },
      cancel: (reason) => {
        this.#giveBack(extent);
        return reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
    return new Response(stream, { status, headers });
  }

  /** Removes the part, since the file is there. */
  async remove(): Promise<void> {
    const isThere = this.#file !== undefined;
    await this.close();
    if (isThere) await fs.promises.unlink(this.#path).catch(() => {});
  }

  /** Closes the part, and leaves it. */
  async close(): Promise<void> {
    this.#isBroken = true;
    await this.#creating?.catch(() => {});
    const file = this.#file;
    this.#file = this.#creating = undefined;
    await file?.close();
  }

  /** Takes a place for an answer. Answers come at the same time, and a block that is torn apart would not be found. */
  #reserve(headers: Headers): Extent {
    // The length of a compressed answer is not that of its decoded body.
    const length = headers.has("content-encoding") ? "" : headers.get("content-length") ?? "";
    const at = this.#end;
    if (/^\d{1,15}$/.test(length)) this.#end += Number(length);
    return { at, end: this.#end };
  }

  /** Takes back the place that an answer did not use: it ended early, or was not wanted. */
  #giveBack({ at, end }: Extent): void {
    if (end === this.#end) this.#end = at;
  }

  async #write(extent: Extent, bytes: Uint8Array): Promise<void> {
    if (this.#isBroken) return;
    if (extent.at + bytes.length > extent.end) {
      // Only the last place can grow.
      if (extent.end !== this.#end) extent.at = this.#end;
      this.#end = extent.end = extent.at + bytes.length;
    }
    const { at } = extent;
    extent.at += bytes.length;
    try {
      const file = this.#file ?? await this.#create();
      for (let done = 0; done < bytes.length;) {
        done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
      this.addedLength += bytes.length;
    } catch {
      // The pull itself goes on.
      this.#isBroken = true;
    }
  }

  /** Creates the part, for the first of several answers that have bytes at the same time. */
  async #create(): Promise<promises.FileHandle> {
    this.#creating ??= openOwn(this.#path, O_RDWR | O_CREAT);
    return this.#file = await this.#creating;
  }
}

/** The name of a part, beside the file itself if the path is a link to it. */
async function partPath(target: string): Promise<string> {
  const path = await new Promise<string>((resolve) => {
    fs.realpath.native(target, (error, real) => resolve(error ? target : real));
  });
  const letters = Array.from(basename(path));
  const name = letters.length > MAX_NAME_LENGTH ? shortened(letters) : letters.join("");
  return join(dirname(path), `.${name}.rsync-streams.part`);
}

/** The start of a long name, with a sum of the whole name. */
function shortened(letters: readonly string[]): string {
  const hash = createSha256();
  hash.update(new TextEncoder().encode(letters.join("")));
  return `${letters.slice(0, MAX_NAME_LENGTH).join("")}-${hex(hash.digest()).slice(0, 8)}`;
}

/** Opens a part, unless something else was put in its place: a link, or a file of somebody else. */
async function openOwn(path: string, flags: number): Promise<promises.FileHandle> {
  const file = await fs.promises.open(path, flags | O_NOFOLLOW, MODE);
  const stat = await file.stat();
  if (stat.isFile() && stat.nlink <= 1 && stat.uid === (process.getuid?.() ?? stat.uid)) return file;
  await file.close();
  throw new Error("Cannot use the part: a file of this user with one name was expected");
}
