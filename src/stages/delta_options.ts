export { checkDeltaFormat, type DeltaFormatOptions } from "../delta_reader.ts";
