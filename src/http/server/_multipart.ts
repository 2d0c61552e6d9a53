/** Bodies of type `multipart/byteranges` (RFC 9110, section 14.6). */
import { hex } from "../../common/bytes.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import { lengthOf, type Run } from "../protocol/run_list.ts";
import { contentRange } from "./_byte_ranges.ts";
import { readRuns } from "./read_runs.ts";

/** Bytes of a boundary, which no file has by chance. */
const BOUNDARY_LENGTH = 16;

/** Several ranges of a file as one body. */
export interface Multipart {
  /** Its media type, with the boundary. */
  readonly contentType: string;
  /** Its length in bytes. */
  readonly length: number;
  readonly pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>;
}

/** Makes a body of the ranges of a file that has a length and a type. */
export function multipartOf(source: PatchBasis, size: number, contentType: string, ranges: readonly Run[]): Multipart {
  const boundary = hex(crypto.getRandomValues(new Uint8Array(BOUNDARY_LENGTH)));
  const encode = (text: string) => new TextEncoder().encode(text);
  const heads = ranges.map((range) => {
    const fields = `Content-Type: ${contentType}\r\nContent-Range: ${contentRange(range, size)}`;
    return encode(`\r\n--${boundary}\r\n${fields}\r\n\r\n`);
  });
  const end = encode(`\r\n--${boundary}--\r\n`);
  async function* pieces() {
    for (const [i, range] of ranges.entries()) {
      yield heads[i]!;
      yield* readRuns(source, [range]);
    }
    yield end;
  }
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    length: lengthOf(ranges) + heads.reduce((sum, head) => sum + head.length, 0) + end.length,
    pieces: pieces(),
  };
}
