/** Where basis and target come from: files of the user, a bundled pair, or two texts. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { FilesSource } from "./files_source.tsx";
import { PairSource } from "./pair_source.tsx";
import type { Source } from "./source.ts";
import { TextSource } from "./text_source.tsx";

const KINDS = { text: "Two texts, live", files: "Two files of yours", pair: "Two releases of a package" };

/** The kinds of sources. */
export type SourceKind = keyof typeof KINDS;

interface Properties {
  kind: SourceKind;
  onKind(kind: SourceKind): void;
  onSource(source: Source | undefined): void;
}

/** Asks which kind, and then for the two. */
export function SourceChooser({ kind, onKind, onSource }: Properties) {
  const [dropped, setDropped] = useState<readonly File[]>([]);
  const self = useRef<HTMLFieldSetElement>(null);
  useDropAnywhere((files) => {
    if (self.current?.closest("[hidden]")) return; // another tab is open
    setDropped(files);
    onKind("files");
  });
  return (
    <fieldset ref={self}>
      <legend>What to compare</legend>
      <div class="row">
        {(Object.keys(KINDS) as SourceKind[]).map((name) => (
          <label key={name} class="choice">
            <input type="radio" name="source" checked={kind === name} onChange={() => onKind(name)} /> {KINDS[name]}
          </label>
        ))}
      </div>
      {kind === "text" && <TextSource onSource={onSource} />}
      {kind === "files" && <FilesSource dropped={dropped} onSource={onSource} />}
      {kind === "pair" && <PairSource onSource={onSource} />}
    </fieldset>
  );
}

/** Two files that are dropped beside the fields are basis and target. */
function useDropAnywhere(onFiles: (files: readonly File[]) => void): void {
  useLayoutEffect(() => {
    const onDragOver = (event: DragEvent) => event.preventDefault();
    const onDrop = (event: DragEvent) => {
      if (event.defaultPrevented) return; // by a field
      event.preventDefault();
      const files = [...event.dataTransfer?.files ?? []];
      if (files.length > 0) onFiles(files);
    };
    addEventListener("dragover", onDragOver);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("dragover", onDragOver);
      removeEventListener("drop", onDrop);
    };
  }, []);
}
