/** Reads the commands of a delta. */
import { decodeDeltaStream } from "rsync-streams";
import type { DeltaFacts, GivenFormat } from "../protocol.ts";
import { RegionList } from "./region_list.ts";

/** What a delta says. */
export async function readDelta(delta: Blob, given: GivenFormat, signal: AbortSignal): Promise<DeltaFacts> {
  const regions = new RegionList();
  const facts: Omit<DeltaFacts, "regions"> = {
    kind: "delta",
    copyCount: 0,
    dataCount: 0,
    copiedBytes: 0,
    literalBytes: 0,
    minBasisLength: 0,
    digest: undefined,
  };
  await delta.stream().pipeThrough(decodeDeltaStream(given)).pipeTo(
    new WritableStream({
      write(command) {
        if (command.copy) {
          const { offset, length } = command.copy;
          facts.copyCount++;
          facts.copiedBytes += length;
          facts.minBasisLength = Math.max(facts.minBasisLength, offset + length);
          regions.copy(offset, length);
        } else if (command.digest) {
          facts.digest = command.digest.sum && toHex(command.digest.sum);
        } else {
          facts.dataCount++;
          facts.literalBytes += command.data.length;
          regions.data(command.data.length);
        }
      },
    }),
    { signal },
  );
  return { ...facts, regions: regions.finish() };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
