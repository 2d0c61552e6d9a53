/** Two files of the user. */
import { useLayoutEffect, useState } from "preact/hooks";
import { FileDrop } from "./file_drop.tsx";
import type { Source } from "./source.ts";

interface Properties {
  /** Files that were dropped somewhere on the page. */
  dropped: readonly File[];
  onSource(source: Source | undefined): void;
}

/** Two places to drop on. Two files on one of them are both. */
export function FilesSource({ dropped, onSource }: Properties) {
  const [basis, setBasis] = useState<File>();
  const [target, setTarget] = useState<File>();

  const takeBasis = ([first, second]: readonly File[]) => {
    setBasis(first);
    if (second) setTarget(second);
  };
  const takeTarget = ([first, second]: readonly File[]) => {
    if (second) setBasis(first);
    setTarget(second ?? first);
  };
  useLayoutEffect(() => {
    if (dropped.length > 0) takeBasis(dropped);
  }, [dropped]);
  useLayoutEffect(() => {
    onSource(basis && target && { basis, target });
  }, [basis, target]);

  return (
    <>
      <div class="two">
        <FileDrop
          id="basis"
          label="Basis: the old file"
          hint="Drop a file here, or choose one."
          file={basis}
          onFiles={takeBasis}
        />
        <FileDrop
          id="target"
          label="Target: the new file"
          hint="Drop a file here, or choose one."
          file={target}
          onFiles={takeTarget}
        />
      </div>
      <p class="quiet">Files stay on this device. They are read piece by piece, so files of several GB work too.</p>
    </>
  );
}
