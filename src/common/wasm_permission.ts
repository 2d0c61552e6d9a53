/** Whether the library compiles WebAssembly from its own bytes. */
let isAllowed = true;

/** Whether WebAssembly may be compiled. */
export function mayCompile(): boolean {
  return isAllowed;
}

/** Keeps the library from compiling WebAssembly: the caller brought a module, maybe since the runtime compiles none. */
export function stopCompiling(): void {
  isAllowed = false;
}
