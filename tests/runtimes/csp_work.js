/** What the page of csp_page.js does, with nothing but the package. */
import { deltaStream, loadSigs, patchStream, sigStream, useWasmModule } from "rsync-streams";
import { Rsync } from "rsync-streams/callbacks";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";

const OLD = new Blob(["the old text, ".repeat(10_000)]);
const NEW = new Blob(["the new text, ", OLD]);

/** Signs, searches and patches, with digests, and returns the backends that ran. */
async function sync(options) {
  const sig = sigStream({ ...options, digest: true });
  const sigs = await loadSigs(OLD.stream().pipeThrough(sig), options);
  const delta = deltaStream(sigs);
  const made = NEW.stream().pipeThrough(delta).pipeThrough(patchStream(OLD));
  if (await new Response(made).text() !== await NEW.text()) throw new Error("the text is another");
  return [sig.backend, sigs.backend, delta.backend];
}

async function plan(options) {
  const stream = layeredSigStream({ ...options, fileLength: NEW.size });
  const published = new Uint8Array(await new Response(NEW.stream().pipeThrough(stream)).arrayBuffer());
  const { missingBytes } = await planSync(await LayeredSig.open(published), OLD, options);
  if (missingBytes > 1000) throw new Error(`${missingBytes} bytes are missing`);
  return stream.backend;
}

/** The portable backend, asked for in everything that has the option. */
export async function portable() {
  const options = { backend: "portable" };
  const sigCount = await new Rsync(options).genSigsFile(() => 0, () => {});
  if (sigCount !== 0) throw new Error(`no bytes have ${sigCount} records`);
  return [...await sync(options), await plan(options)];
}

/** Nothing is asked for. */
export const unasked = () => sync({});

/** A module that a worker without the policy has compiled. */
export async function posted() {
  const worker = new Worker("/free/csp_worker.js", { type: "module" });
  const module = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.terminate();
  useWasmModule(module);
  return [...await sync({}), await plan({ backend: "wasm" })];
}

/** WebAssembly is asked for, and refused. */
export async function refused() {
  try {
    await sync({ backend: "wasm" });
  } catch ({ name, code, message, cause }) {
    return { name, code, message, cause: cause?.name };
  }
}
