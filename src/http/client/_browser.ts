/** What is different in browsers. */

/** Whether this runs in a page or in a worker of one. */
export function isBrowser(): boolean {
  const { document, navigator } = globalThis as { document?: unknown; navigator?: { userAgent?: string } };
  if (document !== undefined) return true;
  const isElsewhere = "Deno" in globalThis || navigator?.userAgent === "Cloudflare-Workers";
  return "WorkerGlobalScope" in globalThis && !isElsewhere;
}

/**
 * Options of a request that no cache may answer: those of browsers mix parts of two versions. workerd throws for the
 * option where the compatibility date of a worker is before 2024-11-11, and has no such property then.
 */
export function noStore(): RequestInit {
  return "cache" in Request.prototype ? { cache: "no-store" } : {};
}
