/** Signature, delta and patch of two files. */
import { useLayoutEffect, useState } from "preact/hooks";
import { pairCode } from "../code.ts";
import { startJob } from "../jobs.ts";
import type { GivenFormat, Jobs, PairOptions, PairResult } from "../protocol.ts";
import { useJob } from "../use_job.ts";
import { ByteMap } from "./byte_map.tsx";
import { CodeView } from "./code_view.tsx";
import { CompareView } from "./compare_view.tsx";
import { DeltaDownload, Download } from "./downloads.tsx";
import { MarkedText } from "./marked_text.tsx";
import { Options } from "./options.tsx";
import { Progress } from "./progress.tsx";
import { SourceChooser, type SourceKind } from "./source_chooser.tsx";
import type { Source } from "./source.ts";
import { Totals } from "./totals.tsx";

const STEPS = ["Signature", "Delta", "Patch"];
/** A text is short: the recommended block length would hide what happens in it. */
const TEXT_BLOCK_LENGTH = 48;
const DEFAULTS: PairOptions = {
  format: "rsync-streams",
  blockLength: undefined,
  weakSum: undefined,
  strongSum: undefined,
  backend: undefined,
};

/** The tab. It runs when both files are there, and again when an option changes. */
export function PairTab() {
  const [kind, setKind] = useState<SourceKind>("text");
  const [source, setSource] = useState<Source>();
  const [options, setOptions] = useState<PairOptions>({ ...DEFAULTS, blockLength: TEXT_BLOCK_LENGTH });
  const job = useJob("pair", "pair");
  const recommended = useRecommended(source?.basis.size, options);

  const choose = (kind: SourceKind) => {
    setKind(kind);
    setSource(undefined);
    setOptions((old) => ({ ...old, blockLength: kind === "text" ? TEXT_BLOCK_LENGTH : undefined }));
  };
  const run = () => source ? job.start({ ...source, options }) : job.reset();
  useLayoutEffect(run, [source, options]);

  return (
    <>
      <SourceChooser kind={kind} onKind={choose} onSource={setSource} />
      <Options options={options} recommended={recommended} onOptions={setOptions} />
      <Progress job={job} steps={STEPS} />
      {(job.status === "cancelled" || job.status === "failed") && (
        <button type="button" onClick={run}>
          Try again
        </button>
      )}
      {job.result && (job.status === "done" || kind === "text") && (
        <Result key={kind} result={job.result} input={job.input!} />
      )}
    </>
  );
}

/** While a text is typed, the result before stays, so that nothing flickers. */
function Result({ result, input: { basis, target, options } }: { result: PairResult; input: Jobs["pair"] }) {
  const { format } = options;
  const given: GivenFormat = format === "luapower"
    ? { format, blockLength: result.blockLength }
    : { format: undefined, blockLength: undefined };
  return (
    <div class="result">
      <Totals result={result} />
      <ByteMap regions={result.regions} basisLength={result.basisLength} targetLength={result.targetLength} />
      {target.type.startsWith("text/") && <MarkedText result={result} />}
      <section aria-labelledby="downloads-heading">
        <h2 id="downloads-heading">Downloads</h2>
        <div class="row">
          <Download blob={result.sig} name={`${basis.name}.sig`}>Download the signature</Download>
          <Download blob={result.patched} name={target.name}>Download the patched file</Download>
        </div>
        <DeltaDownload delta={result.delta} given={given} format={format} />
      </section>
      <CompareView basis={basis} target={target} />
      <CodeView code={pairCode(options, result.blockLength)} />
    </div>
  );
}

function useRecommended(fileLength: number | undefined, { format }: PairOptions): number | undefined {
  const [recommended, setRecommended] = useState<number>();
  useLayoutEffect(() => {
    setRecommended(undefined);
    if (fileLength === undefined) return;
    const job = startJob("recommend", "recommend", { fileLength, format });
    job.result.then(setRecommended, () => {});
    return job.cancel;
  }, [fileLength, format]);
  return recommended;
}
