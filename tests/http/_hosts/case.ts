/** A case: how a host behaves, a proof that it does, and what a client makes of it. */
import { answerWell } from "./good_host.ts";
import type { Answer, Behaviour, Bytes, Version, Visit } from "./host.ts";
import type { ProbeOptions, Seen } from "./probe.ts";
import { FILE, type Published, SIG, type Size } from "./published.ts";

/** Why a plan or an update is a full download; `"none"` for no such reason. */
export type Fallback =
  | "changed"
  | "digest-mismatch"
  | "no-basis"
  | "no-signature"
  | "bad-signature"
  | "stale-signature"
  | "no-ranges"
  | "cheaper"
  | "none";
/** Codes of `HttpError` and `RsyncError`. */
export type ErrorCode =
  | "status"
  | "protocol"
  | "network"
  | "timeout"
  | "changed"
  | "digest-mismatch"
  | "truncated"
  | "limit";

/** What comes out. What is not said is the client's choice. */
export interface Expected {
  /** The file, an error with a code, or either. */
  readonly result: "file" | "error" | "file or error";
  /** Codes that an error may have. */
  readonly codes?: readonly ErrorCode[];
  /** The way of the plan. */
  readonly way?: "ranges" | "full";
  /** What `stats.fallback` may be. */
  readonly fallback?: readonly Fallback[];
  /** Whether the digest was checked and right. */
  readonly isVerified?: boolean;
  /** The most requests. */
  readonly requests: number;
}

/** What a proof works with. */
export interface Proof {
  readonly update: Published;
  /** Asks the host for a path. */
  see(path: string, headers?: Record<string, string>, options?: ProbeOptions): Promise<Seen>;
  /** `fetch` as the client gets it. */
  readonly fetch: typeof fetch;
  readonly url: URL;
}

/** A host that runs for one update. */
export interface Running extends Behaviour {
  /** What may come out, if it is not the file of the update alone. */
  readonly results?: readonly Bytes[];
}

/** How a host behaves. */
export interface HostCase {
  readonly name: string;
  /** Who does it in the field. */
  readonly who: string;
  /** The update. `"edited"` if it is not said. */
  readonly size?: Size;
  make(update: Published): Running | Promise<Running>;
  /** `fetch` as a client has it that cannot do everything, such as a browser. */
  makeFetch?(): typeof fetch;
  /** Shows that the host does what the case says. A well-behaved host fails it. */
  proof(proof: Proof): Promise<void>;
  readonly expected: Expected;
  readonly timeoutMs?: number;
}

/** A host answers well, unless this answers first. */
export type Quirk = (visit: Visit, version: Version | undefined, path: string) => Answer | undefined;

/** What a host serves: a version for each path. */
export type Site = Map<string, Version>;

/** The files of an update, at their paths. */
export function siteOf({ file, sig }: { file: Version; sig?: Version | undefined }): Site {
  const site: Site = new Map([[FILE, file]]);
  if (sig) site.set(SIG, sig);
  return site;
}

/** A host with a quirk. The query is none of its business. */
export function quirky(site: Site, quirk: Quirk): Behaviour {
  return {
    answer: (visit) => {
      const path = visit.path.split("?")[0]!;
      return quirk(visit, site.get(path), path) ?? answerWell(site.get(path), visit);
    },
  };
}

/** An update by ranges. */
export const UPDATED: Expected = { result: "file", way: "ranges", fallback: ["none"], isVerified: true, requests: 120 };

/** The file, at last by a full download, for one of these reasons. */
export function fullDownload(...fallback: Fallback[]): Expected {
  return { result: "file", fallback, requests: 30 };
}

/** A full download that is known to be one before anything is fetched. */
export function plannedFull(...fallback: Fallback[]): Expected {
  return { ...fullDownload(...fallback), way: "full" };
}

/** The file, however the client gets it. */
export const THE_FILE: Expected = { result: "file", requests: 150 };

/** A typed error. */
export function failure(...codes: ErrorCode[]): Expected {
  return { result: "error", codes, requests: 30 };
}

/** The file, or a typed error. Never another file. */
export function fileOr(...codes: ErrorCode[]): Expected {
  return { result: "file or error", codes, requests: 150 };
}
