/** A bundled pair. */
import { useRef, useState } from "preact/hooks";
import { fetchFile, pairUrl, usePairs } from "../pairs.ts";
import type { BundledPair } from "../pairs.ts";
import type { Source } from "./source.ts";
import { Trouble } from "./trouble.tsx";

/** A button for each pair, with its licence. */
export function PairSource({ onSource }: { onSource(source: Source | undefined): void }) {
  const { pairs, trouble: listTrouble } = usePairs();
  const [chosen, setChosen] = useState<BundledPair>();
  const [status, setStatus] = useState("");
  const [trouble, setTrouble] = useState("");
  const latest = useRef<BundledPair>(undefined);

  const choose = async (pair: BundledPair) => {
    setChosen(pair);
    latest.current = pair;
    setStatus(`Fetching ${pair.name} …`);
    setTrouble("");
    onSource(undefined);
    try {
      const [basis, target] = await Promise.all([fetchFile(pair.basis), fetchFile(pair.target)]);
      if (latest.current !== pair) return;
      setStatus("");
      onSource({ basis, target });
    } catch (error) {
      if (latest.current !== pair) return;
      setStatus("");
      setTrouble((error as Error).message);
    }
  };

  return (
    <>
      <ul class="cards">
        {pairs.map((pair) => (
          <li key={pair.name}>
            <button type="button" aria-pressed={chosen === pair} onClick={() => choose(pair)}>{pair.name}</button>
            <p>{pair.note}</p>
            <p class="quiet">
              Licence: <a href={pairUrl(pair.licenceFile)}>{pair.licence}</a>
            </p>
          </li>
        ))}
      </ul>
      <p role="status">{status}</p>
      <Trouble message={trouble || listTrouble} />
    </>
  );
}
