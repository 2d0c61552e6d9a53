/**
 * Runs each TypeScript block of the docs as a program of its own, in a folder with two files, `old` and `new`. A block
 * that starts a server and does not stop it runs until the next one has ended. The server that takes uploads is
 * attacked too: it is what users copy.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { make } from "./_recipes.ts";

const ROOT = new URL("../", import.meta.url);
const CONFIG = ["--no-lock", "--config", fileURLToPath(new URL("deno.json", ROOT))];

/** The blocks of a page. Those in a list are indented. */
function blocksOf(path: string): string[] {
  const page = Deno.readTextFileSync(new URL(path, ROOT));
  return Array.from(page.matchAll(/^( *)```ts\n([^]*?)^\1```$/gm), ([, , code]) => code!);
}

/** The port of servers in the docs. Tests take another. */
const PORT = 8000;

function isServer(code: string): boolean {
  return code.includes("Deno.serve(") && !code.includes(".shutdown()");
}

/** Starts a server, and waits until it says that it listens. */
async function startServer(cwd: string, file: string): Promise<AsyncDisposable> {
  const args = ["run", "--allow-all", "--no-check", ...CONFIG, file];
  const env = { NO_COLOR: "1" };
  const process = new Deno.Command(Deno.execPath(), { args, cwd, env, stdout: "null", stderr: "piped" }).spawn();
  const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
  const end = async () => {
    try {
      process.kill();
    } catch {
      // It has ended already.
    }
    await reader.cancel();
    await process.status;
  };
  for (let text = ""; !text.includes("Listening on");) {
    const { done, value } = await reader.read();
    if (!done) text += value;
    if (!done) continue;
    await end();
    assert.fail(text);
  }
  return { [Symbol.asyncDispose]: end };
}

/** A port that is free. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function deno(cwd: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

const pages = ["docs/", "docs/formats/"].flatMap((folder) => {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT)), ({ name }) => folder + name);
}).filter((path) => path.endsWith(".md")).sort();

Deno.test("the examples of the docs run", async (t) => {
  const cwd = await Deno.makeTempDir();
  try {
    const text = make({ gen: "text", seed: 1, len: 100_000 });
    const examples = ["README.md", ...pages].flatMap((path) => {
      const port = `${freePort()}`;
      return blocksOf(path).map((code, i) => {
        return { path, title: `${path}, block ${i + 1}`, code: code.replaceAll(`${PORT}`, port) };
      });
    });
    const fences = ["README.md", ...pages].map((path) => Deno.readTextFileSync(new URL(path, ROOT)).split("```ts\n"));
    assert.equal(examples.length, fences.reduce((sum, parts) => sum + parts.length - 1, 0));
    assert.ok(examples.length >= 10, `${examples.length} examples`);
    const files = examples.map((_, i) => `example_${i}.ts`);
    for (const [i, file] of files.entries()) await Deno.writeTextFile(`${cwd}/${file}`, examples[i]!.code);

    await t.step("type check", () => deno(cwd, "check", ...CONFIG, ...files));
    for (const [i, file] of files.entries()) {
      const { path, title, code } = examples[i]!;
      await t.step(title, async () => {
        if (isServer(code)) return assert.equal(examples[i + 1]?.path, path, "no block runs while this one serves");
        // Examples may replace them.
        await Deno.writeFile(`${cwd}/old`, text);
        await Deno.writeFile(`${cwd}/new`, text.subarray(0, 50_000));
        await using _server = i > 0 && isServer(examples[i - 1]!.code) ? await startServer(cwd, files[i - 1]!) : null;
        await deno(cwd, "run", "--allow-all", "--no-check", ...CONFIG, file);
      });
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

/** Uploads that nobody allowed, to the file and to other names. They run while the server of an example does. */
const INTRUSION = `
for (const name of ["stored", "other", "stored/other", ""]) {
  const evil = new TextEncoder().encode("evil");
  const error = await sendUpdate(\`http://localhost:\${server.addr.port}/\${name}\`, evil).catch((error) => error);
  if (!(error instanceof Error)) throw new Error(\`anybody may upload to /\${name}\`);
}
if (await Deno.readTextFile(path) === "evil") throw new Error("the file was replaced");
`;

Deno.test("the example of an upload refuses whoever has not logged in, also under other names", async () => {
  const code = blocksOf("docs/http.md").find((code) => code.includes("commit:"));
  const end = "await server.shutdown();";
  assert.ok(code !== undefined && code.includes(end));
  const cwd = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${cwd}/old`, "old");
    await Deno.writeTextFile(`${cwd}/new`, "new");
    await Deno.writeTextFile(`${cwd}/upload.ts`, code.replace(end, INTRUSION + end));
    await deno(cwd, "run", "--allow-all", "--no-check", ...CONFIG, "upload.ts");
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
