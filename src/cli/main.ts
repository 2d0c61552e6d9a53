/** The program `rsync-streams`: importing it runs it. */
import { main } from "./_main.ts";

await main();
