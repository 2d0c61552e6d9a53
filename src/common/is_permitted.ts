/** What Deno says of permissions. Other runtimes ask nobody. */
interface DenoPermissions {
  readonly permissions: {
    querySync(what: { name: "run" } | { name: "read"; path: string }): { readonly state: string };
  };
}

/** Whether Deno lets this process do something without asking the user. True in other runtimes. */
export function isPermitted(what: { name: "run" } | { name: "read"; path: string }): boolean {
  const { Deno: deno } = globalThis as { Deno?: DenoPermissions };
  return !deno || deno.permissions.querySync(what).state === "granted";
}
