/** Two texts, compared while they are typed. */
import { useEffect, useState } from "preact/hooks";
import type { Source } from "./source.ts";

const BASIS = `The rsync algorithm updates a file from a newer one elsewhere, and little crosses the wire.

1. The side with the old file, the basis, cuts it into blocks of equal length.
   For each block it sends two sums: a weak one, which is cheap, and a strong one.
   Together they are the signature.

2. The side with the new file, the target, looks for those blocks at every offset.
   The weak sum rolls: to move by a byte it takes one byte out and another in.
   Where it is known, the strong sum confirms that the block is the same.

3. The delta says what to copy from the basis, and has the bytes that are new.
   The first side patches: it copies, adds the new bytes, and checks the result.

Small blocks find more of what is the same, but make a longer signature.
Long blocks make a short signature, but one changed byte costs all of a block.
About the square root of the length of the file is a good choice.
`;
const TARGET = `The rsync algorithm updates a file from a newer one elsewhere, and little crosses the wire.

Small blocks find more of what is the same, but make a longer signature.
Long blocks make a short signature, but one changed byte costs all of a block.
About the square root of the length of the file is a good choice.

1. The side with the old file, the basis, cuts it into blocks of equal length.
   For each block it sends two sums: a weak one, which is cheap, and a strong one.
   Together they are the signature.

2. The side with the new file, the target, looks for those blocks at every offset.
   The weak sum rolls: to move by a byte it takes one byte out and another in.
   Where it is known, the strong sum confirms that the block is really the same.

3. The delta says what to copy from the basis, and has the bytes that are new.
   The first side patches: it copies, adds the new bytes, and checks the result.

Type here, or move a paragraph: the picture follows.
`;
/** Typing goes on that long before the three steps run. */
const PAUSE_MS = 150;

/** Two panes. */
export function TextSource({ onSource }: { onSource(source: Source | undefined): void }) {
  const [basis, setBasis] = useState(BASIS);
  const [target, setTarget] = useState(TARGET);
  useEffect(() => {
    const send = () => {
      onSource({
        basis: new File([basis], "basis.txt", { type: "text/plain" }),
        target: new File([target], "target.txt", { type: "text/plain" }),
      });
    };
    const timer = setTimeout(send, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [basis, target]);
  return (
    <div class="two">
      <Pane id="basis-text" label="Basis: the old text" value={basis} onInput={setBasis} />
      <Pane id="target-text" label="Target: the new text" value={target} onInput={setTarget} />
    </div>
  );
}

interface PaneProperties {
  id: string;
  label: string;
  value: string;
  onInput(value: string): void;
}

function Pane({ id, label, value, onInput }: PaneProperties) {
  return (
    <div class="pane">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={9}
        spellcheck={false}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}
