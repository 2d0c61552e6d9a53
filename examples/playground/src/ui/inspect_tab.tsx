/** Signatures and deltas that were made elsewhere. */
import type { Format } from "rsync-streams";
import { useLayoutEffect, useState } from "preact/hooks";
import { bytes, count } from "../numbers.ts";
import type { DeltaFacts, GivenFormat, Jobs, SigFacts } from "../protocol.ts";
import { useJob } from "../use_job.ts";
import { ByteMap } from "./byte_map.tsx";
import { DeltaDownload, Download } from "./downloads.tsx";
import { FileDrop } from "./file_drop.tsx";
import { Progress } from "./progress.tsx";
import { Facts } from "./totals.tsx";

const RECOGNIZED: GivenFormat = { format: undefined, blockLength: undefined };
const LUAPOWER_BLOCK_LENGTH = 1024;

/** The tab: a file, what it is, and what can be done with it. */
export function InspectTab() {
  const [file, setFile] = useState<File>();
  const [given, setGiven] = useState(RECOGNIZED);
  const job = useJob("inspect", "inspect");
  useLayoutEffect(() => {
    if (file) job.start({ file, given });
  }, [file, given]);
  return (
    <>
      <p>Open a signature or a delta, of rsync-streams, of rdiff, or of the original.</p>
      <FileDrop
        id="inspected"
        label="A signature or a delta"
        hint="Drop a file here, or choose one."
        file={file}
        onFiles={([chosen]) => setFile(chosen)}
      />
      <GivenFormatChoice given={given} onGiven={setGiven} />
      <Progress job={job} steps={[]} />
      {job.status === "done" && <Inspected key={job.result} facts={job.result!} {...job.input!} />}
    </>
  );
}

type Inspection = Jobs["inspect"];

/** What was read, and of which file. */
interface InspectedProperties<F> extends Inspection {
  facts: F;
}

function Inspected({ facts, ...read }: InspectedProperties<SigFacts | DeltaFacts>) {
  return facts.kind === "signature" ? <SigView facts={facts} {...read} /> : <DeltaView facts={facts} {...read} />;
}

function GivenFormatChoice({ given, onGiven }: { given: GivenFormat; onGiven(given: GivenFormat): void }) {
  const isLuapower = given.format === "luapower";
  return (
    <div class="row">
      <label>
        <input
          type="checkbox"
          checked={isLuapower}
          onChange={({ currentTarget: { checked } }) =>
            onGiven(checked ? { format: "luapower", blockLength: LUAPOWER_BLOCK_LENGTH } : RECOGNIZED)}
        />{" "}
        It is of the luapower format, which has no magic
      </label>
      {isLuapower && (
        <label>
          Block length, bytes{" "}
          <input
            type="number"
            min={1}
            value={given.blockLength}
            onInput={({ currentTarget: { valueAsNumber } }) =>
              onGiven({ format: "luapower", blockLength: valueAsNumber || LUAPOWER_BLOCK_LENGTH })}
          />
        </label>
      )}
    </div>
  );
}

function SigView({ file, facts, given }: InspectedProperties<SigFacts>) {
  const [target, setTarget] = useState<File>();
  const job = useJob("delta", "delta");
  useLayoutEffect(() => {
    if (target) job.start({ sig: file, target, given });
  }, [target]);
  return (
    <section aria-labelledby="inspected-heading">
      <h2 id="inspected-heading">A signature</h2>
      <Facts
        facts={[
          ["Format", facts.format],
          ["Blocks", count(facts.sigCount)],
          ["Block length", bytes(facts.blockLength)],
          ["Weak sum", facts.weakSum],
          ["Strong sum", `${facts.strongSum}, ${bytes(facts.strongLength)}`],
          ["Basis", facts.fileLength === undefined ? "the format does not say" : bytes(facts.fileLength)],
        ]}
      />
      <FileDrop
        id="sig-target"
        label="Make a delta of a target"
        hint="Drop the new file here, or choose it."
        file={target}
        onFiles={([chosen]) => setTarget(chosen)}
      />
      <Progress job={job} />
      {job.status === "done" && (
        <Download blob={job.result!} name={`${target!.name}.delta`}>Download the delta</Download>
      )}
    </section>
  );
}

function DeltaView({ file, facts, given }: InspectedProperties<DeltaFacts>) {
  const [basis, setBasis] = useState<File>();
  const job = useJob("patch", "patch");
  useLayoutEffect(() => {
    if (basis) job.start({ delta: file, basis, given });
  }, [basis]);
  const targetLength = facts.copiedBytes + facts.literalBytes;
  return (
    <section aria-labelledby="inspected-heading">
      <h2 id="inspected-heading">A delta</h2>
      <Facts
        facts={[
          ["Target", bytes(targetLength)],
          ["Copied", `${bytes(facts.copiedBytes)} by ${count(facts.copyCount)} commands`],
          ["Literals", `${bytes(facts.literalBytes)} by ${count(facts.dataCount)} commands`],
          ["Basis", `at least ${bytes(facts.minBasisLength)}`],
          ["SHA-256 of the target", facts.digest ?? "the format has none"],
        ]}
      />
      <ByteMap regions={facts.regions} basisLength={basis?.size ?? facts.minBasisLength} targetLength={targetLength} />
      <FileDrop
        id="delta-basis"
        label="Patch a basis"
        hint="Drop the old file here, or choose it."
        file={basis}
        onFiles={([chosen]) => setBasis(chosen)}
      />
      <Progress job={job} />
      {job.status === "done" && <Download blob={job.result!} name="patched">Download the patched file</Download>}
      <DeltaDownload delta={file} given={given} format={formatOf(facts, given)} />
    </section>
  );
}

/** Of the formats with a magic, one carries a digest. */
function formatOf(facts: DeltaFacts, given: GivenFormat): Format {
  return given.format ?? (facts.digest === undefined ? "librsync" : "rsync-streams");
}
