/** What the page of csp_page.js does, with nothing but the package. */
import { createSig, deltaStream, loadSigs, patchStream, sigStream, useWasmModule } from "rsync-streams";
import { Rsync } from "rsync-streams/callbacks";
import { fetchUpdate, planUpdate, sendUpdate, syncHandler } from "rsync-streams/http";
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
  const { missingLength } = await planSync(await LayeredSig.open(published), OLD, options);
  if (!(missingLength < 1000)) throw new Error(`${missingLength} bytes are missing`);
  return stream.backend;
}

/** Uploads a file to a handler in this page, and updates another from it. */
async function http(options) {
  let file = { basis: OLD, size: OLD.size, entityTag: '"1"' };
  const handler = syncHandler({
    ...options,
    open: () => file,
    async commit(_url, readable) {
      const basis = await new Response(readable).blob();
      file = { basis, size: basis.size, entityTag: '"2"' };
    },
  });
  const client = { ...options, fetch: (url, init) => handler(new Request(url, init)) };
  const url = new URL("/file", location.href);

  const sent = await sendUpdate(url, NEW, client);
  if (sent.status !== "updated" || !(sent.stats.bytesSent < 1000)) throw new Error(JSON.stringify(sent));
  const { missingLength } = await planUpdate(url, OLD, client);
  if (!(missingLength < 1000)) throw new Error(`${missingLength} bytes are missing`);
  const { readable, stats } = await fetchUpdate(url, OLD, client);
  const text = await new Response(readable).text();
  if (text !== await NEW.text() || !stats.isVerified) throw new Error(JSON.stringify(stats));

  const headers = { "Content-Type": "application/vnd.rsync-streams.sig" };
  const body = await createSig(OLD, options);
  const answer = await client.fetch(url, { method: "POST", headers, body });
  if (await new Response(answer.body.pipeThrough(patchStream(OLD))).text() !== text) throw new Error("another delta");
}

/** The portable backend, asked for in everything that has the option. */
export async function portable() {
  const options = { backend: "portable" };
  await http(options);
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
