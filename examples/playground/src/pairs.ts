/** The pairs of real files that are served with the page. `scripts/build_playground.ts` makes them. */
import { useEffect, useState } from "preact/hooks";

/** A pair of releases of a package, as tars. */
export interface BundledPair {
  name: string;
  /** What can be seen in it. */
  note: string;
  basis: string;
  target: string;
  licence: string;
  /** The text of the licence. */
  licenceFile: string;
}

const FOLDER = new URL("pairs/", document.baseURI);

/** The URL of a file of a pair. */
export function pairUrl(file: string): string {
  return new URL(file, FOLDER).href;
}

/** The list of pairs, empty until it has come, and why it does not come. */
export function usePairs(): { pairs: readonly BundledPair[]; trouble: string } {
  const [pairs, setPairs] = useState<readonly BundledPair[]>([]);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    const read = async () => setPairs(JSON.parse(await (await fetchFile("pairs.json")).text()));
    read().catch((error: Error) => setTrouble(error.message));
  }, []);
  return { pairs, trouble };
}

/** Fetches a file of a pair. */
export async function fetchFile(file: string): Promise<File> {
  const response = await fetch(pairUrl(file)).catch((error) => {
    throw new Error(`Cannot fetch ${file}: the server cannot be reached`, { cause: error });
  });
  if (!response.ok) throw new Error(`Cannot fetch ${file}: the server answered with status ${response.status}`);
  return new File([await response.blob()], file);
}
