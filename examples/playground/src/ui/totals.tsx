/** The numbers of a run. */
import { bytes, count, percent } from "../numbers.ts";
import type { PairResult } from "../protocol.ts";

/** Names and values. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: string])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What the three steps cost, and what they found. */
export function Totals({ result }: { result: PairResult }) {
  const { sig, delta, targetLength, sigCount, blockLength, goodAlarms, falseAlarms, backend } = result;
  const wire = sig.size + delta.size;
  const saved = targetLength > 0 ? 1 - wire / targetLength : 0;
  return (
    <>
      <p class="headline">
        {saved > 0
          ? (
            <>
              {bytes(wire)} cross the wire in place of {bytes(targetLength)}: <strong>{percent(saved)} saved</strong>
            </>
          )
          : (
            <>
              {bytes(wire)} cross the wire: <strong>nothing is saved</strong>, the target has {bytes(targetLength)}
            </>
          )}
        {result.isVerified ? ". The result is verified." : ". This format does not verify the result."}
      </p>
      <Facts
        facts={[
          ["Basis", bytes(result.basisLength)],
          ["Target", bytes(targetLength)],
          ["Signature", bytes(sig.size)],
          ["Delta", bytes(delta.size)],
          ["Share saved", saved > 0 ? percent(saved) : "none"],
          ["Copied", bytes(result.copiedBytes)],
          ["Literals", bytes(result.literalBytes)],
          ["Blocks matched", count(goodAlarms)],
          ["False alarms", count(falseAlarms)],
          ["Blocks in the signature", `${count(sigCount)} of ${bytes(blockLength)}`],
          ["Backend", backend],
        ]}
      />
    </>
  );
}
