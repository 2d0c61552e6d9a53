/** The controls. */
import type { Format, StrongSum, WeakSum } from "rsync-streams";
import { useId } from "preact/hooks";
import { FORMAT_NAMES, FORMAT_NOTES, FORMATS } from "../choices.ts";
import { count } from "../numbers.ts";
import type { PairOptions } from "../protocol.ts";

interface Properties {
  options: PairOptions;
  /** For the basis at hand, if there is one. */
  recommended: number | undefined;
  onOptions(options: PairOptions): void;
}

/** Block length, sums, format and backend. */
export function Options({ options, recommended, onOptions }: Properties) {
  const { weakSums, strongSums } = FORMATS[options.format];
  const change = (changes: Partial<PairOptions>) => onOptions({ ...options, ...changes });
  return (
    <fieldset class="options">
      <legend>Options</legend>
      <Choice<Format>
        label="Format"
        value={options.format}
        choices={FORMAT_NAMES}
        noteOf={(name) => FORMAT_NOTES[name]}
        onChange={(format) => change({ format, weakSum: undefined, strongSum: undefined })}
      />
      <BlockLength
        value={options.blockLength}
        recommended={recommended}
        onChange={(blockLength) => change({ blockLength })}
      />
      <Choice<WeakSum>
        label="Weak sum"
        value={options.weakSum ?? weakSums[0]!}
        choices={weakSums}
        onChange={(weakSum) => change({ weakSum: weakSum === weakSums[0] ? undefined : weakSum })}
      />
      <Choice<StrongSum>
        label="Strong sum"
        value={options.strongSum ?? strongSums[0]!}
        choices={strongSums}
        noteOf={(name) => name === "md4" ? "broken: for old files alone" : ""}
        onChange={(strongSum) => change({ strongSum: strongSum === strongSums[0] ? undefined : strongSum })}
      />
      <Choice<"fastest" | "portable">
        label="Backend"
        value={options.backend === "portable" ? "portable" : "fastest"}
        choices={["fastest", "portable"]}
        noteOf={(name) => name === "fastest" ? "WebAssembly, if it is there" : "plain JavaScript"}
        onChange={(name) => change({ backend: name === "portable" ? name : undefined })}
      />
    </fieldset>
  );
}

interface ChoiceProperties<T extends string> {
  label: string;
  value: T;
  choices: readonly T[];
  noteOf?: (choice: T) => string;
  onChange(choice: T): void;
}

function Choice<T extends string>({ label, value, choices, noteOf = () => "", onChange }: ChoiceProperties<T>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
      </select>
      <span id={`${id}-hint`} class="quiet">{noteOf(value)}</span>
    </div>
  );
}

interface BlockLengthProperties {
  value: number | undefined;
  recommended: number | undefined;
  onChange(blockLength: number | undefined): void;
}

function BlockLength({ value, recommended, onChange }: BlockLengthProperties) {
  const isOwn = value !== undefined && value !== recommended;
  const hint = recommended === undefined
    ? "empty: the recommended one"
    : `recommended for this basis: ${count(recommended)}${isOwn ? "" : " (in use)"}`;
  return (
    <div class="field">
      <label for="block-length">Block length, bytes</label>
      <input
        id="block-length"
        type="number"
        min={1}
        max={2 ** 30}
        value={value ?? ""}
        placeholder={recommended === undefined ? "" : String(recommended)}
        aria-describedby="block-length-hint"
        onChange={({ currentTarget: { value } }) => onChange(value === "" ? undefined : Number(value))}
      />
      <span id="block-length-hint" class="quiet">{hint}</span>
    </div>
  );
}
