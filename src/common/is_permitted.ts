/** A permission that the library can do without. */
type Permission = { name: "run" } | { name: "read"; path: string } | { name: "sys"; kind: "statfs" };

/** What Deno says of permissions. Other runtimes ask nobody. */
interface DenoPermissions {
  readonly permissions: { querySync(what: Permission): { readonly state: string } };
}

/** Whether Deno lets this process do something without asking the user. True in other runtimes. */
export function isPermitted(what: Permission): boolean {
  const { Deno: deno } = globalThis as { Deno?: DenoPermissions };
  return !deno || deno.permissions.querySync(what).state === "granted";
}
