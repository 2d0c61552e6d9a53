/** Whether the library compiles WebAssembly from its own bytes. */
let isAllowed = true;

/** Whether WebAssembly may be compiled. */
export function mayCompile(): boolean {
  return isAllowed;
}

/** Keeps the library from compiling WebAssembly: whoever has brought a module may be somewhere that refuses it. */
export function stopCompiling(): void {
  isAllowed = false;
}
