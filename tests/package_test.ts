/** Tests what an install of the packed npm package brings, and how tools take it: `deno task test:bundles`. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { builtTarball } from "../scripts/build_npm.ts";
import { install, readManifest, ROOT, run, tool, toolCommand } from "../scripts/npm_tools.ts";
import { nodeBinary } from "./runtimes/tools.ts";
import { attempt, leaveOut } from "./_attempt.ts";

/** What is still supported, and loads no module by `require`. */
const OLDEST_NODE = "20.0.0";
/** The newest Node 20: it does. */
const NODE_20 = "20.20.2";
/** Most bytes of the tarball, compressed, and of an installed project. Raise only on purpose. */
const MOST_PACKED = 376_000;
const MOST_INSTALLED = 2_050_000;

const noble = readManifest().imports["@noble/hashes/"]!.match(/@\^([\d.]+)\//)![1]!;

/** Folders of projects with the package; without a network they are not to be had. */
function setUp(): { tarball: string; project: string } {
  const tarball = builtTarball();
  const project = mkdtempSync(join(tmpdir(), "rsync-streams-package-"));
  install(project, { "rsync-streams": `file:${tarball}` });
  for (const name of ["bun", "jest", "parcel"] as const) tool(name);
  for (const version of [OLDEST_NODE, NODE_20]) nodeBinary(version);
  return { tarball, project };
}

const ready = attempt("tests of an installed package", setUp);
const { tarball, project } = ready instanceof Error ? { tarball: "", project: "" } : ready;

function test(name: string, fn: () => void): void {
  ready instanceof Error ? leaveOut(name) : Deno.test(name, fn);
}

Deno.test.afterAll(() => {
  if (!(ready instanceof Error)) rmSync(project, { recursive: true });
});

/** Runs with a copy of the project. */
function withCopy(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "rsync-streams-copy-"));
  try {
    cpSync(project, folder, { recursive: true });
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The folders of packages below a folder of modules. */
function packagesIn(modules: string): string[] {
  return readdirSync(modules).filter((name) => !name.startsWith(".")).flatMap((name) => {
    return name.startsWith("@") ? readdirSync(join(modules, name)).map((part) => `${name}/${part}`) : [name];
  });
}

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true }).map((path) => statSync(join(folder, `${path}`)));
  return files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

// ---- what it brings

test("an install brings @noble/hashes and nothing else, and is as small as it was", () => {
  const modules = join(project, "node_modules");
  const packages = packagesIn(modules);
  const [packed, installed] = [statSync(tarball).size, bytesBelow(modules)];
  console.log(`${packed} bytes packed, ${installed} installed, ${packages.length} packages: ${packages.join(", ")}`);
  assert.deepEqual(packages, ["@noble/hashes", "rsync-streams"]);
  assert.ok(packed <= MOST_PACKED, `${packed} bytes are packed, ${MOST_PACKED} at most were expected`);
  assert.ok(installed <= MOST_INSTALLED, `${installed} bytes are installed, ${MOST_INSTALLED} at most were expected`);
});

test("the package has the licences of what is in the file of the command", () => {
  const folder = join(project, "node_modules/rsync-streams/cli");
  const licences = readFileSync(join(folder, "LICENSES.txt"), "utf8");
  for (const name of ["@noble/hashes", "cli-progress", "string-width", "emoji-regex"]) {
    assert.match(licences, new RegExp(`^${name} [\\d.]+ \\(.+\\)$`, "m"));
  }
  assert.match(readFileSync(join(folder, "rsync-streams.js"), "utf8"), /shades/, "the bar is in it");
});

test("the command has no WebAssembly of its own: it imports that of the library", () => {
  const folder = join(project, "node_modules/rsync-streams");
  const command = readFileSync(join(folder, "cli/rsync-streams.js"), "utf8");
  for (const path of ["src/kernel/wasm/_generated/kernel_bytes.js", "src/digest/_generated/sha256_bytes.js"]) {
    const line = readFileSync(join(folder, path), "utf8").split("\n")[2]!;
    assert.ok(line.length > 100 && !command.includes(line), path);
    assert.ok(command.includes(`"../${path}"`), path);
  }
});

test("the manifest names what people look for", () => {
  const manifest = JSON.parse(readFileSync(join(project, "node_modules/rsync-streams/package.json"), "utf8"));
  const { author, license, main, types } = manifest;
  assert.deepEqual({ author, license, main, types }, {
    author: "the rsync-streams authors",
    license: "MIT",
    main: "./mod.js",
    types: "./mod.d.ts",
  });
  assert.equal("repository" in manifest, process.env.GITHUB_REPOSITORY !== undefined);
});

// ---- the command

const RUNTIMES: Record<string, () => string[]> = {
  [`Node ${OLDEST_NODE}`]: () => [nodeBinary(OLDEST_NODE), "node_modules/.bin/rsync-streams"],
  "Bun": () => [toolCommand("bun", "bun"), "--bun", "node_modules/.bin/rsync-streams"],
  "Deno": () => [Deno.execPath(), "run", "-A", "--no-lock", "--node-modules-dir=manual", "npm:rsync-streams"],
};

for (const [name, command] of Object.entries(RUNTIMES)) {
  test(`the command of the package works in ${name}, without the packages that are in it`, () => {
    const [program, ...args] = command();
    const cli = (...words: string[]) => run(program!, [...args, ...words], project);
    assert.match(cli("--help"), /^Usage: rsync-streams COMMAND/);
    writeFileSync(join(project, "old"), "the old text, ".repeat(1000));
    writeFileSync(join(project, "new"), "the new text, ".repeat(1000));
    cli("signature", "-f", "old", "old.sig");
    cli("delta", "-f", "old.sig", "new", "new.delta");
    cli("patch", "-f", "old", "new.delta", "made");
    assert.deepEqual(readFileSync(join(project, "made")), readFileSync(join(project, "new")));
  });
}

// ---- noble-hashes

/** Prints the signatures of a file in each format, on the backend that is in place. */
const SIGN = `
if (process.argv[2] === "portable") WebAssembly.Module = () => {
  throw new WebAssembly.CompileError("refused");
};
const { sigStream } = await import("rsync-streams");
const basis = new Blob([Uint8Array.from({ length: 100_000 }, (_, i) => i * i >> 5)]);
for (const options of [
  { salt: new Uint8Array(16).fill(7) }, { salt: new Uint8Array(16), strongSum: "blake2b" },
  { format: "librsync" }, { format: "librsync", strongSum: "md4" }, { format: "luapower" },
]) {
  const pair = sigStream(options);
  if (pair.backend !== process.argv[2]) throw new Error(pair.backend);
  const sig = await new Response(basis.stream().pipeThrough(pair)).arrayBuffer();
  console.log(Buffer.from(await crypto.subtle.digest("SHA-256", sig)).toString("hex"));
}`;

for (const [what, range] of [["oldest", noble], ["newest", `^${noble}`]]) {
  test(`the ${what} version of @noble/hashes that the package allows computes the sums`, () => {
    const folder = mkdtempSync(join(tmpdir(), "rsync-streams-noble-"));
    try {
      install(folder, { "rsync-streams": `file:${tarball}`, "@noble/hashes": range! });
      const path = join(folder, "node_modules/@noble/hashes/package.json");
      const { version } = JSON.parse(readFileSync(path, "utf8"));
      console.log(`@noble/hashes ${version}`);
      assert.ok(!existsSync(join(folder, "node_modules/rsync-streams/node_modules")), "the package has that version");
      writeFileSync(join(folder, "sign.mjs"), SIGN);
      assert.equal(run("node", ["sign.mjs", "portable"], folder), run("node", ["sign.mjs", "wasm"], folder));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

Deno.test("the sources import no private names of @noble/hashes", () => {
  const folder = join(ROOT, "src");
  for (const path of readdirSync(folder, { recursive: true })) {
    if (!`${path}`.endsWith(".ts")) continue;
    const imports = readFileSync(join(folder, `${path}`), "utf8").match(/import [^;]*from "@noble\/[^;]*/g) ?? [];
    for (const one of imports) assert.doesNotMatch(one, /[\s{,]_/, `${path}`);
  }
});

// ---- other tools

test("Parcel resolves the package, and its other entries once it reads exports", () => {
  withCopy((folder) => {
    const parcel = (manifest: object, code: string) => {
      writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, ...manifest }));
      writeFileSync(join(folder, "app.js"), code);
      const args = ["build", "app.js", "--no-cache", "--no-source-maps", "--log-level", "error"];
      run("node", [toolCommand("parcel", "parcel"), ...args], folder);
      return readFileSync(join(folder, "dist/app.js"), "utf8");
    };
    assert.match(
      parcel({}, 'import { patchStream } from "rsync-streams"; globalThis.x = patchStream;'),
      /digest-mismatch/,
    );
    const readsExports = { "@parcel/resolver-default": { packageExports: true } };
    const app = 'import { fetchUpdate } from "rsync-streams/http"; globalThis.x = fetchUpdate;';
    assert.match(parcel(readsExports, app), /digest-mismatch/);
  });
});

test("CommonJS loads the package by import() in each Node, and by require() from 20.19 on", () => {
  withCopy((folder) => {
    writeFileSync(
      join(folder, "import.cjs"),
      'import("rsync-streams").then((m) => console.log(typeof m.patchStream));',
    );
    writeFileSync(join(folder, "require.cjs"), 'console.log(typeof require("rsync-streams").patchStream);');
    for (const version of [OLDEST_NODE, NODE_20]) {
      assert.equal(run(nodeBinary(version), ["import.cjs"], folder), "function\n", version);
    }
    assert.equal(run(nodeBinary(NODE_20), ["--no-warnings", "require.cjs"], folder), "function\n");
    assert.throws(() => execFileSync(nodeBinary(OLDEST_NODE), ["require.cjs"], { cwd: folder, stdio: "pipe" }), {
      message: /ERR_REQUIRE_ESM/,
    });
  });
});

/** A test of Jest: a module, and a script that imports. */
const JEST_FILES = {
  "package.json": '{ "private": true }',
  "jest.config.cjs": 'module.exports = { testMatch: ["**/*.test.*js"], transform: {} };',
  "module.test.mjs": `import { patchStream } from "rsync-streams";
    test("a module", () => expect(typeof patchStream).toBe("function"));`,
  "script.test.js": `test("a script", async () => {
    const { patchStream } = await import("rsync-streams");
    expect(typeof patchStream).toBe("function");
  });`,
};

test("Jest runs tests that import the package in Node 20, with --experimental-vm-modules", () => {
  withCopy((folder) => {
    for (const [name, text] of Object.entries(JEST_FILES)) writeFileSync(join(folder, name), text);
    const jest = join(tool("jest"), "bin/jest.js");
    const args = ["--experimental-vm-modules", jest, "--json", "--rootDir", folder];
    for (const version of [OLDEST_NODE, NODE_20]) {
      const report = JSON.parse(execFileSync(nodeBinary(version), args, { cwd: folder, stdio: "pipe" }).toString());
      assert.deepEqual([report.success, report.numPassedTests], [true, 2], version);
    }
  });
});

/** Ways from a Readable of Node to a Writable, by way of a pair of streams. */
const PIPES = `
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { sigStream } from "rsync-streams";
let length = 0;
const from = Readable.from([Buffer.alloc(5000)]);
const to = new Writable({ write: (chunk, _encoding, done) => (length += chunk.length, done()) });
if (process.argv[2] === "pipeline") await pipeline(from, sigStream(), to);
else await Readable.toWeb(from).pipeThrough(sigStream()).pipeTo(Writable.toWeb(to));
console.log(length > 50);
`;

test("Node's streams are joined by pipeThrough in Node and Bun, and by pipeline in Node alone", () => {
  writeFileSync(join(project, "pipes.mjs"), PIPES);
  const bun = toolCommand("bun", "bun");
  for (const runtime of ["node", nodeBinary(OLDEST_NODE), bun]) {
    assert.equal(run(runtime, ["pipes.mjs", "pipeThrough"], project), "true\n", runtime);
  }
  assert.equal(run("node", ["pipes.mjs", "pipeline"], project), "true\n");
  const { stdout } = spawnSync(bun, ["pipes.mjs", "pipeline"], { cwd: project, timeout: 5000, encoding: "utf8" });
  assert.equal(stdout, "", "Bun's pipeline ends now, which is good to know: docs/runtimes.md says that it does not");
});
