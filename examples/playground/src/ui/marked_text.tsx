/** A target that is a short text, with what is copied and what is new. */
import { useEffect, useState } from "preact/hooks";
import { hueOf } from "../map/paint.ts";
import type { PairResult, Regions } from "../protocol.ts";

/** Longer texts are on the map alone. */
const MAX_LENGTH = 65_536;
const MAX_REGIONS = 1000;

interface Marked {
  bytes: Uint8Array;
  regions: Regions;
  basisLength: number;
}

/** The text in the colours of the map. A region may begin or end inside of a character: then it shows as �. */
export function MarkedText({ result }: { result: PairResult }) {
  const [marked, setMarked] = useState<Marked>();
  useEffect(() => {
    let isCurrent = true;
    const { patched, regions, basisLength } = result;
    if (patched.size > MAX_LENGTH || regions.offsets.length > MAX_REGIONS) return setMarked(undefined);
    const show = (buffer: ArrayBuffer) => {
      if (isCurrent) setMarked({ bytes: new Uint8Array(buffer), regions, basisLength });
    };
    patched.arrayBuffer().then(show, () => {}); // the next result has replaced it
    return () => {
      isCurrent = false;
    };
  }, [result]);
  if (!marked) return null;
  return (
    <section aria-labelledby="marked-heading">
      <h2 id="marked-heading">The target, highlighted</h2>
      <pre class="marked" tabIndex={0}>
        {Array.from(marked.regions.offsets, (_, region) => <Piece key={region} marked={marked} region={region} />)}
      </pre>
    </section>
  );
}

function Piece({ marked: { bytes, regions, basisLength }, region }: { marked: Marked; region: number }) {
  const offset = regions.offsets[region]!;
  const text = new TextDecoder().decode(bytes.subarray(offset, offset + regions.lengths[region]!));
  const from = regions.froms[region]!;
  return from < 0
    ? <ins>{text}</ins>
    : <span class="copied" style={{ "--hue": hueOf(from, basisLength) }}>{text}</span>;
}
