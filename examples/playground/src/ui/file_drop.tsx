/** A place to drop a file on, or to choose one. */
import { useState } from "preact/hooks";
import { bytes } from "../numbers.ts";

interface Properties {
  id: string;
  label: string;
  hint: string;
  file: File | undefined;
  onFiles(files: readonly File[]): void;
}

/** A file input that is also a place to drop on. */
export function FileDrop({ id, label, hint, file, onFiles }: Properties) {
  const [isOver, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    if (files && files.length > 0) onFiles([...files]);
  };
  return (
    <div
      class={`drop ${isOver ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <label for={id}>{label}</label>
      <input
        id={id}
        type="file"
        aria-describedby={`${id}-hint`}
        onChange={(event) => take(event.currentTarget.files)}
      />
      <p id={`${id}-hint`} class="quiet">{file ? `${file.name}, ${bytes(file.size)}` : hint}</p>
    </div>
  );
}
