import fs from "node:fs";
import type { BasisSource } from "../basis/basis_source.ts";
import { hex } from "../common/bytes.ts";
import { createSha256 } from "../digest/mod.ts";
import { fileReadable } from "../files/file_readable.ts";
import type { UpdatePlan } from "../http/client/update_plan.ts";
import { systemError } from "./_errors.ts";
import { type OpenBasis, openBasis } from "./_input.ts";
import { checkName } from "./_names.ts";
import { PartFile } from "./part_file.ts";

const NO_BASIS = "--basis names a file to copy from, and without it all of the file is fetched";

/** What a pull can copy from: a file, and what an interrupted pull has left. */
export class PullSource {
  readonly part: PartFile;
  /** Undefined if there is nothing to copy from. */
  readonly basis: BasisSource | undefined;
  readonly #file: OpenBasis | undefined;

  private constructor(file: OpenBasis | undefined, part: PartFile) {
    this.#file = file;
    this.part = part;
    this.basis = file || part.length > 0 ? joined(part, file) : undefined;
  }

  /**
   * Opens them.
   *
   * @param target The file that will be made.
   * @param basisPath The file to copy from, if it is another one.
   * @throws {CliError} If the file cannot be read. The target may be missing.
   */
  static async open(target: string, basisPath: string | undefined): Promise<PullSource> {
    const file = await openIfThere(target, basisPath);
    return new PullSource(file, await PartFile.open(target));
  }

  async close(): Promise<void> {
    await Promise.all([this.#file?.close(), this.part.close()]);
  }
}

/** Whether a file is the remote one, by length and digest. */
export async function isSame(path: string, { fileLength, digest }: UpdatePlan): Promise<boolean> {
  if (digest === undefined) return false;
  const stat = await fs.promises.stat(path).catch(() => undefined);
  if (!stat?.isFile() || stat.size !== fileLength) return false;
  const hash = createSha256();
  try {
    for await (const chunk of fileReadable(path)) hash.update(chunk);
    return hex(hash.digest()) === digest;
  } catch (error) {
    throw systemError("read", path, error);
  }
}

async function openIfThere(target: string, basisPath: string | undefined): Promise<OpenBasis | undefined> {
  if (basisPath !== undefined) return await openBasis(basisPath, NO_BASIS);
  checkName("write", target);
  const stat = await fs.promises.stat(target).catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw systemError("open", target, error);
  });
  // What cannot be replaced has nothing to copy from either: a device, a pipe.
  return stat && (stat.isFile() || stat.isDirectory()) ? openBasis(target) : undefined;
}

/** The part, whose length is known, and behind it the file. */
function joined(part: PartFile, file: OpenBasis | undefined): BasisSource {
  const start = part.length;
  const size = file ? file.reportedSize : 0;
  const readInto = async (buffer: Uint8Array<ArrayBuffer>, offset: number): Promise<number> => {
    if (offset < start) return await part.readInto(buffer, offset);
    return file ? file.readInto(buffer, offset - start) : 0;
  };
  return {
    size: size === undefined ? undefined : start + size,
    readInto,
    async read(offset, length) {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, await readInto(buffer, offset));
    },
  };
}
