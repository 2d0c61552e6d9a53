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

/** The list of pairs: empty until it has come. */
export function usePairs(): readonly BundledPair[] {
  const [pairs, setPairs] = useState<readonly BundledPair[]>([]);
  useEffect(() => {
    fetchFile("pairs.json").then(async (file) => setPairs(JSON.parse(await file.text()))).catch(console.error);
  }, []);
  return pairs;
}

/** Fetches a file of a pair. */
export async function fetchFile(file: string): Promise<File> {
  const response = await fetch(pairUrl(file));
  if (!response.ok) throw new Error(`Cannot fetch ${file}: the server answered ${response.status}`);
  return new File([await response.blob()], file);
}
