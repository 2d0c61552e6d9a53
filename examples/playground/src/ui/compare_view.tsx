/** Bytes on the wire against block length, and against layers. */
import { useLayoutEffect } from "preact/hooks";
import { bytes, count } from "../numbers.ts";
import type { CompareResult, Way } from "../protocol.ts";
import { useJob } from "../use_job.ts";
import { Progress } from "./progress.tsx";

/** A button that runs all ways, and their chart. */
export function CompareView({ basis, target }: { basis: Blob; target: Blob }) {
  const job = useJob("compare", "compare");
  useLayoutEffect(job.reset, [basis, target]);
  const last = job.steps.at(-1);
  return (
    <section aria-labelledby="compare-heading">
      <h2 id="compare-heading">Which block length? Or layers?</h2>
      <p>
        Small blocks find more, and make a longer signature. Layers need no choice: the client reads sums of long blocks
        first, and finer ones only under blocks that it does not have.
      </p>
      {job.status !== "running" && (
        <button type="button" onClick={() => job.start({ basis, target })}>Compare them on this pair</button>
      )}
      <Progress job={job} steps={last ? [last.step] : []} />
      {job.result && <Chart result={job.result} />}
    </section>
  );
}

/** Bytes of all. */
function wireOf({ sigLength, dataLength }: Way): number {
  return sigLength + dataLength;
}

function shortest(ways: readonly Way[]): Way {
  return ways.reduce((best, way) => wireOf(way) < wireOf(best) ? way : best);
}

function Chart({ result: { fullLength, byBlockLength, byLayers } }: { result: CompareResult }) {
  const scale = Math.max(...[...byBlockLength, ...byLayers].map(wireOf));
  return (
    <>
      <p class="headline">{conclusion(fullLength, shortest(byBlockLength), shortest(byLayers))}</p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Bytes on the wire">
        <table class="chart">
          <caption>
            Bytes on the wire: <span class="swatch sig" /> signature, <span class="swatch data" />{" "}
            delta or missing bytes, without compression
          </caption>
          <thead>
            <tr>
              <th scope="col">Way</th>
              <th scope="col">Bytes</th>
              <th scope="col">Of which signature</th>
              <th scope="col">
                <span class="hidden">Bar</span>
              </th>
            </tr>
          </thead>
          <tbody>
            <FullRow length={fullLength} scale={scale} />
            {byBlockLength.map((way) => <Row key={way.label} way={way} scale={scale} prefix="blocks of " />)}
            {byLayers.map((way) => <Row key={way.label} way={way} scale={scale} prefix="" />)}
          </tbody>
        </table>
      </div>
    </>
  );
}

function FullRow({ length, scale }: { length: number; scale: number }) {
  const times = length / scale;
  return (
    <tr>
      <th scope="row">full download</th>
      <td>{count(length)}</td>
      <td>0</td>
      <td class="bars">
        <span class="bar full" style={{ width: `${Math.min(1, times) * 100}%` }}>
          {times > 1.05 && `${times.toFixed(1)} times the width`}
        </span>
      </td>
    </tr>
  );
}

function Row({ way, scale, prefix }: { way: Way; scale: number; prefix: string }) {
  return (
    <tr class={way.isRecommended ? "recommended" : ""}>
      <th scope="row">{prefix}{way.label}{way.isRecommended && " ★ recommended"}</th>
      <td>{count(wireOf(way))}</td>
      <td>{count(way.sigLength)}</td>
      <td class="bars">
        <span class="bar sig" style={{ width: `${way.sigLength / scale * 100}%` }} />
        <span class="bar data" style={{ width: `${way.dataLength / scale * 100}%` }} />
      </td>
    </tr>
  );
}

/** What the numbers say, and why. */
function conclusion(fullLength: number, blocks: Way, layers: Way): string {
  const [byBlocks, byLayers] = [wireOf(blocks), wireOf(layers)];
  const full = `A full download takes ${bytes(fullLength)}.`;
  const best = `The best block length takes ${bytes(byBlocks)}, of which ${bytes(blocks.sigLength)} are signature.`;
  if (byLayers < byBlocks) {
    const times = (byBlocks / Math.max(1, byLayers)).toFixed(1);
    return `${full} ${best} Layers take ${bytes(byLayers)}, ${times} times less: fine sums are read only where the ` +
      "files differ.";
  }
  return `${full} ${best} Layers take ${bytes(byLayers)}, no less: they pay where a long file changed in few places.`;
}
