/** What is different in browsers and in workerd. */

/** Whether this runs in a page or in a worker of one. */
export function isBrowser(): boolean {
  if ((globalThis as { document?: unknown }).document !== undefined) return true;
  return "WorkerGlobalScope" in globalThis && !("Deno" in globalThis) && !isWorkerd();
}

/** Whether this runs in workerd. */
export function isWorkerd(): boolean {
  return (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === "Cloudflare-Workers";
}

/** The compatibility flags of a worker in workerd, where it tells them. */
export function workerdFlags(): Readonly<Record<string, boolean>> | undefined {
  const { Cloudflare } = globalThis as { Cloudflare?: { compatibilityFlags?: Record<string, boolean> } };
  return Cloudflare?.compatibilityFlags;
}

/**
 * Options of a request that no cache may answer: those of browsers mix parts of two versions. workerd throws for the
 * option where the compatibility date of a worker is before 2024-11-11, and has no such property then.
 */
export function noStore(): RequestInit {
  return "cache" in Request.prototype ? { cache: "no-store" } : {};
}
