/** What the page in Chromium loads. */
import { runCases } from "./cases.js";

globalThis.runCases = runCases;
