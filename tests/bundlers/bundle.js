/**
 * Bundles programs as their users would, minified, for browsers:
 *
 *     node bundle.js BUNDLER JOBS.json
 *
 * The file has the folders of the tools, and a list of jobs: entry, output, and conditions of exports. Each bundler
 * runs once for all of them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [, , bundler, path] = process.argv;
const { tools, jobs } = JSON.parse(readFileSync(path, "utf8"));

/** Imports a tool from the folder of its package. */
async function load(name) {
  const require = createRequire(join(tools[name], "package.json"));
  const module = await import(pathToFileURL(require.resolve(name)));
  return module.default ?? module;
}

/** What stays outside: WebAssembly, which workerd takes as modules. */
const outside = ({ conditions }) => conditions.length > 0 ? [/\.wasm$/] : [];

const webpackConfig = ({ entry, output, conditions }) => ({
  mode: "production",
  target: "web",
  context: dirname(entry),
  entry,
  externals: outside({ conditions }),
  externalsType: "module",
  resolve: { conditionNames: [...conditions, "..."] },
  experiments: { outputModule: true },
  output: { path: dirname(output), filename: basename(output), library: { type: "module" } },
});

async function runWebpack(webpack, config) {
  const stats = await new Promise((resolve, reject) =>
    webpack(config, (error, stats) => error ? reject(error) : resolve(stats))
  );
  const { errors, warnings } = stats.compilation;
  // A large bundle is no fault.
  const faults = [...errors, ...warnings].filter(({ message }) => !/size limit|code splitting/.test(message));
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join("\n"));
}

const BUNDLERS = {
  async esbuild() {
    const { build } = await load("esbuild");
    return ({ entry, output, conditions }) =>
      build({
        entryPoints: [entry],
        outfile: output,
        bundle: true,
        minify: true,
        format: "esm",
        logLevel: "error",
        ...(conditions.length > 0 && { conditions, external: ["*.wasm"] }),
      });
  },
  async rollup() {
    const { rollup } = await load("rollup");
    const { nodeResolve } = await load("@rollup/plugin-node-resolve");
    const { minify } = await load("terser");
    return async ({ entry, output, conditions }) => {
      const resolve = nodeResolve({ browser: true, exportConditions: conditions });
      const bundle = await rollup({ input: entry, plugins: [resolve], external: outside({ conditions }) });
      const { output: [{ code }] } = await bundle.generate({ format: "es" });
      writeFileSync(output, (await minify(code, { module: true })).code);
    };
  },
  async rolldown() {
    const { rolldown } = await import(pathToFileURL(join(tools.rolldown, "dist/index.mjs")));
    return async ({ entry, output, conditions }) => {
      const bundle = await rolldown({
        input: entry,
        external: outside({ conditions }),
        platform: "browser",
        resolve: { conditionNames: [...conditions, "import", "default"] },
      });
      await bundle.write({ file: output, format: "esm", minify: true });
    };
  },
  async webpack() {
    const webpack = await load("webpack");
    return (job) => runWebpack(webpack, webpackConfig(job));
  },
  async rspack() {
    const { rspack } = await load("@rspack/core");
    return (job) => runWebpack(rspack, webpackConfig(job));
  },
  async vite() {
    const { build } = await import(pathToFileURL(join(tools.vite, "dist/node/index.js")));
    return ({ entry, output, conditions }) =>
      build({
        root: dirname(entry),
        configFile: false,
        logLevel: "error",
        resolve: { conditions: [...conditions, "module", "browser"] },
        build: {
          minify: true,
          modulePreload: false,
          outDir: dirname(output),
          emptyOutDir: false,
          target: "esnext",
          rollupOptions: {
            input: entry,
            external: outside({ conditions }),
            preserveEntrySignatures: "strict",
            output: { format: "es", entryFileNames: basename(output) },
          },
        },
      });
  },
};

const bundle = await BUNDLERS[bundler]();
for (const job of jobs) await bundle(job);
