/** The regions of the map as a table. */
import { useState } from "preact/hooks";
import { type View, visibleRegions } from "../map/view.ts";
import { count } from "../numbers.ts";
import type { Regions } from "../protocol.ts";

const MAX_ROWS = 100;

/** What is seen of the map. It is made when it is opened. */
export function RegionTable({ regions, view }: { regions: Regions; view: View }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The regions as a table</summary>
      {isOpen && <Rows regions={regions} view={view} />}
    </details>
  );
}

function Rows({ regions, view }: { regions: Regions; view: View }) {
  const [first, last] = visibleRegions(regions, view);
  const shown = Array.from({ length: Math.min(MAX_ROWS, last - first) }, (_, i) => first + i);
  return (
    <div class="scroll tall" tabIndex={0} role="region" aria-label="The regions as a table">
      <table>
        <caption>
          {count(shown.length)} of {count(last - first)} regions that are seen; zoom in for others
        </caption>
        <thead>
          <tr>
            <th scope="col">Target offset</th>
            <th scope="col">Bytes</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((region) => (
            <tr key={region}>
              <td>{count(regions.offsets[region]!)}</td>
              <td>{count(regions.lengths[region]!)}</td>
              <td>{whatOf(regions.froms[region]!)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function whatOf(from: number): string {
  return from < 0 ? "literals" : `basis at ${count(from)}`;
}
