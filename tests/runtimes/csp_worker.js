/** Compiles the kernel for a page that may not. */
import { kernelBytes } from "./node_modules/rsync-streams/src/kernel/wasm/_generated/kernel_bytes.js";

postMessage(await WebAssembly.compile(kernelBytes()));
