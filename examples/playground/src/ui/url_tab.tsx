/** Updates a file from a URL. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { UpdatePlan } from "rsync-streams/http";
import { updateCode } from "../code.ts";
import { bytes, count, percent } from "../numbers.ts";
import { fetchFile, pairUrl, usePairs } from "../pairs.ts";
import type { Results } from "../protocol.ts";
import { useJob } from "../use_job.ts";
import { CodeView } from "./code_view.tsx";
import { Download } from "./downloads.tsx";
import { FileDrop } from "./file_drop.tsx";
import { Progress } from "./progress.tsx";
import { Facts } from "./totals.tsx";
import { Trouble } from "./trouble.tsx";

/** The tab. Nothing is fetched before the button; the plan first, then the file. */
export function UrlTab() {
  const { pairs: [pair] } = usePairs();
  const [url, setUrl] = useState("");
  const [basis, setBasis] = useState<File>();
  const [isTaking, setTaking] = useState(false);
  const [trouble, setTrouble] = useState("");
  const plan = useJob("plan", "plan");
  const update = useJob("update", "update");

  useLayoutEffect(() => {
    if (pair) setUrl(pairUrl(pair.target));
  }, [pair]);
  useLayoutEffect(() => {
    plan.reset();
    update.reset();
  }, [url, basis]);

  const takePublished = async () => {
    setTaking(true);
    setTrouble("");
    try {
      setBasis(await fetchFile(pair!.basis));
    } catch (error) {
      setTrouble((error as Error).message);
    }
    setTaking(false);
  };
  const makePlan = (event: Event) => {
    event.preventDefault();
    plan.start({ url, basis });
  };

  return (
    <>
      <p>
        A host of files needs nothing but a layered signature beside each file:{" "}
        <code>npx rsync-streams publish FILE</code> makes it. A host at another origin has to allow this page (CORS).
      </p>
      <form onSubmit={makePlan}>
        <label>
          URL of the new file
          <input type="url" required value={url} onInput={(event) => setUrl(event.currentTarget.value)} />
        </label>
        <FileDrop
          id="url-basis"
          label="The file that you have"
          hint="Drop an older version here, or choose one. Without it, all is fetched."
          file={basis}
          onFiles={([file]) => setBasis(file)}
        />
        <div class="row">
          {pair && <button type="button" onClick={takePublished}>Take {pair.basis}, an older version</button>}
          <button type="submit" class="primary" disabled={isTaking}>Make a plan</button>
        </div>
        <Trouble message={trouble} />
      </form>
      <Progress job={plan} steps={[]} />
      {plan.result && (
        <section aria-labelledby="plan-heading">
          <h2 id="plan-heading">The plan</h2>
          <PlanFacts plan={plan.result} />
          {update.status !== "running" && (
            <button
              type="button"
              class="primary"
              onClick={() => update.start({ url, basis })}
            >
              Fetch the update
            </button>
          )}
          <Progress job={update} />
          {update.result && <Updated result={update.result} url={url} />}
        </section>
      )}
      <CodeView code={updateCode(url)} />
    </>
  );
}

const WAYS: Record<UpdatePlan["way"], string> = {
  runs: "one request for all missing runs",
  ranges: "requests for ranges",
  full: "the whole file",
};

const FALLBACKS: Record<NonNullable<UpdatePlan["fallback"]>, string> = {
  "no-basis": "there is no local file",
  "no-signature": "the host has no signature of it",
  "bad-signature": "the file in the place of its signature cannot be used as one",
  "stale-signature": "the signature is of another version",
  "no-ranges": "the host gives no ranges",
  "cheaper": "that costs less, since the files have little in common",
  "changed": "the file changed meanwhile",
  "digest-mismatch": "the first result was wrong, which the digest showed",
};

function PlanFacts({ plan }: { plan: UpdatePlan }) {
  const { way, fallback, fileLength, copiedLength, missingLength, missingCount, requests, savedShare } = plan;
  return (
    <>
      <p class="headline">
        About {bytes(plan.bytesIn)} in {count(requests)} {requests === 1 ? "request" : "requests"}:{" "}
        <strong>{percent(savedShare)} of a full download saved</strong>.
      </p>
      <Facts
        facts={[
          ["How", fallback ? `${WAYS[way]}: ${FALLBACKS[fallback]}` : WAYS[way]],
          ["New file", fileLength === undefined ? "not known" : bytes(fileLength)],
          ["You have", bytes(copiedLength)],
          ["Missing", `${bytes(missingLength)} in ${count(missingCount)} runs`],
        ]}
      />
    </>
  );
}

function Updated({ result: { file, stats }, url }: { result: Results["update"]; url: string }) {
  return (
    <>
      <p class="headline">
        {bytes(stats.bytesIn)} came in {count(stats.requests)} requests for {bytes(file.size)}.{" "}
        {stats.isVerified ? "The result is verified." : "There is no digest to verify it with."}
      </p>
      <Download blob={file} name={nameOf(url)}>Download the new file</Download>
    </>
  );
}

function nameOf(url: string): string {
  return new URL(url, document.baseURI).pathname.split("/").at(-1) || "file";
}
