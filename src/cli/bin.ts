/** The program `rsync-streams`. Importing it runs it, also in Node 20, which does not know `import.meta.main`. */
import { runProgram } from "./program.ts";

await runProgram();
