/** What can be taken home. */
import type { Format } from "rsync-streams";
import { useLayoutEffect, useState } from "preact/hooks";
import { FORMAT_NAMES, FORMAT_NOTES } from "../choices.ts";
import { bytes } from "../numbers.ts";
import type { GivenFormat } from "../protocol.ts";
import { useJob } from "../use_job.ts";
import { Progress } from "./progress.tsx";
import { useBlobUrl } from "./use_page.ts";

/** A link that saves a blob. */
export function Download({ blob, name, children }: { blob: Blob; name: string; children: string }) {
  const url = useBlobUrl(blob);
  if (url === undefined) return null;
  return (
    <a class="button" href={url} download={name}>
      {children} <span class="quiet">({bytes(blob.size)})</span>
    </a>
  );
}

/** The delta in a format of choice. */
export function DeltaDownload({ delta, given, format }: { delta: Blob; given: GivenFormat; format: Format }) {
  const [wanted, setWanted] = useState(format);
  const job = useJob("transcode", "transcode");
  useLayoutEffect(() => {
    setWanted(format);
    job.reset();
  }, [delta, format]);
  const choose = (to: Format) => {
    setWanted(to);
    if (to === format) job.reset();
    else job.start({ delta, from: given, to });
  };
  const blob = wanted === format ? delta : job.status === "done" && job.result;
  return (
    <div class="row">
      <label>
        Delta in format{" "}
        <select value={wanted} onChange={(event) => choose(event.currentTarget.value as Format)}>
          {FORMAT_NAMES.map((name) => (
            <option key={name} value={name} disabled={name === "luapower" && format !== name}>
              {name} ({FORMAT_NOTES[name]})
            </option>
          ))}
        </select>
      </label>
      {blob && <Download blob={blob} name={`delta.${wanted}`}>Download the delta</Download>}
      {wanted !== format && <Progress job={job} />}
    </div>
  );
}
