/** The pairs of files that `bench bytes` updates: releases of npm packages, a database and a table of text. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageTar } from "../../scripts/package_tar.ts";
import { makeCsvPair, makeDatabasePair, makeVacuumPair } from "./generated.ts";
import type { Files, Pair } from "./traffic.ts";

/** Where pairs and results are kept. It is not in Git. */
export const CACHE = fileURLToPath(new URL("../../.cache/bench/", import.meta.url));

/** A pair that can be had, and the lengths that it must have: others would give other figures. */
interface Recipe {
  name: string;
  basisLength: number;
  targetLength: number;
  make: () => Promise<Files>;
  /** It is brought only if `--pairs` names it, and is not in the means of all. */
  isExtra?: boolean;
}

function npmPair(pack: string, basis: string, target: string, basisLength: number, targetLength: number): Recipe {
  return {
    name: `${pack} ${basis} → ${target}`,
    basisLength,
    targetLength,
    make: async () => ({
      basis: await packageTar(pack, basis, CACHE),
      target: await packageTar(pack, target, CACHE),
    }),
  };
}

const RECIPES: readonly Recipe[] = [
  npmPair("typescript", "5.8.2", "5.8.3", 22_969_856, 22_971_392),
  npmPair("typescript", "5.4.5", "5.5.4", 32_460_800, 21_966_848),
  npmPair("react-dom", "18.2.0", "18.3.1", 4_527_616, 4_539_392),
  npmPair("lodash", "4.17.20", "4.17.21", 2_260_480, 2_269_184),
  npmPair("next", "15.1.0", "15.1.1", 125_955_584, 125_958_656),
  npmPair("caniuse-lite", "1.0.30001690", "1.0.30001700", 2_776_576, 2_778_624),
  npmPair("mdn-data", "2.12.2", "2.14.0", 683_008, 699_904),
  npmPair("sql.js", "1.11.0", "1.12.0", 19_907_584, 19_908_096),
  npmPair("@esbuild/linux-x64", "0.24.0", "0.24.1", 10_182_656, 10_186_752),
  npmPair("@cloudflare/workerd-linux-64", "1.20250823.0", "1.20250906.0", 110_065_664, 111_507_456),
  npmPair("monaco-editor", "0.51.0", "0.52.0", 99_685_376, 99_977_216),
  {
    name: "SQLite, 200,000 rows",
    basisLength: 30_875_648,
    targetLength: 30_957_568,
    make: () => makeDatabasePair({ basis: join(CACHE, "rows.basis.db"), target: join(CACHE, "rows.target.db") }),
  },
  {
    name: "SQLite, VACUUM",
    basisLength: 35_094_528,
    targetLength: 30_871_552,
    make: () => makeVacuumPair({ basis: join(CACHE, "vacuum.basis.db"), target: join(CACHE, "vacuum.target.db") }),
    isExtra: true,
  },
  {
    name: "CSV, 400,000 lines",
    basisLength: 11_880_663,
    targetLength: 11_881_202,
    make: () => makeCsvPair({ basis: join(CACHE, "lines.basis.csv"), target: join(CACHE, "lines.target.csv") }),
  },
];

/** Brings the pairs whose names start with one of `starts`, or all that are not extra, one after the other. */
export async function* bringPairs(starts?: readonly string[]): AsyncGenerator<Pair> {
  const chosen = RECIPES.filter(({ name, isExtra }) => {
    return starts ? starts.some((start) => name.startsWith(start)) : !isExtra;
  });
  if (chosen.length === 0) {
    const names = RECIPES.map(({ name }) => name).join("; ");
    throw new Error(
      `Cannot choose pairs: "${starts?.join(";")}" was given, the start of one of these was expected: ${names}`,
    );
  }
  for (const { name, basisLength, targetLength, make } of chosen) {
    const files = await make();
    await checkLength(name, files.basis, basisLength);
    await checkLength(name, files.target, targetLength);
    yield { name, basisLength, targetLength, ...files };
  }
}

async function checkLength(name: string, path: string, expected: number): Promise<void> {
  const { size } = await stat(path);
  if (size === expected) return;
  throw new Error(`Cannot use ${path} of ${name}: ${size} bytes were seen, ${expected} were expected`);
}
