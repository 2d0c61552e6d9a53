/** Code to copy. */
import { useState } from "preact/hooks";

/** The code, and a button that copies it. */
export function CodeView({ code }: { code: string }) {
  const [status, setStatus] = useState("");
  const copy = async () => {
    const isCopied = await navigator.clipboard.writeText(code).then(() => true, () => false);
    setStatus(isCopied ? "Copied." : "The browser does not let pages copy: select the text.");
  };
  return (
    <section aria-labelledby="code-heading">
      <h2 id="code-heading">The code for this</h2>
      <pre tabIndex={0}><code>{code}</code></pre>
      <div class="row">
        <button type="button" onClick={copy}>Copy the code</button>
        <span role="status">{status}</span>
      </div>
    </section>
  );
}
