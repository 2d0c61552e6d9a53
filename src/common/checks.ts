export * from "../_options.ts";
