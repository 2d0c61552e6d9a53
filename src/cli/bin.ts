/** The program `rsync-streams` as a script: importing it runs it, also where `import.meta.main` is unknown (Node 20). */
import { runProgram } from "./program.ts";

await runProgram();
