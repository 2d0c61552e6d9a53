/** What the page and its worker say to each other. */
import type { Backend, Format, StrongSum, WeakSum } from "rsync-streams";
import type { UpdatePlan, UpdateStats } from "rsync-streams/http";

/** How signature and delta are made. What is undefined is left to the library. */
export interface PairOptions {
  format: Format;
  blockLength: number | undefined;
  weakSum: WeakSum | undefined;
  strongSum: StrongSum | undefined;
  backend: Backend | undefined;
}

/** What has to be said of a signature or a delta without a magic. */
export interface GivenFormat {
  format: Format | undefined;
  blockLength: number | undefined;
}

/** The jobs of the worker, by name. */
export interface Jobs {
  /** Signature, delta and patch. */
  pair: { basis: File; target: File; options: PairOptions };
  /** The same at several block lengths, and layered sync. */
  compare: { basis: Blob; target: Blob };
  /** The block length that the library chooses for a basis. */
  recommend: { fileLength: number; format: Format };
  /** What an update from a URL would take. */
  plan: { url: string; basis: Blob | undefined };
  /** An update from a URL. */
  update: { url: string; basis: Blob | undefined };
  /** What a signature or a delta is. */
  inspect: { file: Blob; given: GivenFormat };
  /** A delta, from a signature made elsewhere. */
  delta: { sig: Blob; target: Blob; given: GivenFormat };
  /** A patch, with a delta made elsewhere. */
  patch: { delta: Blob; basis: Blob; given: GivenFormat };
  /** The same delta in another format. */
  transcode: { delta: Blob; from: GivenFormat; to: Format };
}

/** The results of the jobs, by name. */
export interface Results {
  pair: PairResult;
  compare: CompareResult;
  recommend: number;
  plan: UpdatePlan;
  update: { file: Blob; plan: UpdatePlan; stats: Readonly<UpdateStats> };
  inspect: SigFacts | DeltaFacts;
  delta: Blob;
  patch: Blob;
  transcode: Blob;
}

/** The name of a job. */
export type JobName = keyof Jobs;

/**
 * Where the bytes of a target come from. The worker holds at most 65,536 regions: it joins those that are shorter than
 * `grain` bytes with their neighbours.
 */
export interface Regions {
  /** Offsets in the target. */
  offsets: Float64Array<ArrayBuffer>;
  /** Bytes. */
  lengths: Float64Array<ArrayBuffer>;
  /** Offsets in the basis; -1 for literals. */
  froms: Float64Array<ArrayBuffer>;
  /** Bytes; 0 if each region is one run of the delta. */
  grain: number;
}

/** What the three steps made. */
export interface PairResult {
  sig: Blob;
  delta: Blob;
  patched: Blob;
  regions: Regions;
  basisLength: number;
  targetLength: number;
  blockLength: number;
  sigCount: number;
  goodAlarms: number;
  falseAlarms: number;
  copiedBytes: number;
  literalBytes: number;
  backend: string;
  /** Whether the delta carried a digest, and the result has it. */
  isVerified: boolean;
}

/** Bytes on the wire in one way of updating. */
export interface Way {
  label: string;
  /** Bytes of signature. */
  sigLength: number;
  /** Bytes of delta, or of missing runs. */
  dataLength: number;
  /** Whether it is the library's choice. */
  isRecommended: boolean;
}

/** Bytes on the wire in several ways. */
export interface CompareResult {
  fullLength: number;
  byBlockLength: Way[];
  byLayers: Way[];
}

/** What a signature says. */
export interface SigFacts {
  kind: "signature";
  format: Format;
  blockLength: number;
  weakSum: WeakSum;
  strongSum: StrongSum;
  strongLength: number;
  sigCount: number;
  /** Bytes of the basis, if the format carries it. */
  fileLength: number | undefined;
}

/** What a delta says. */
export interface DeltaFacts {
  kind: "delta";
  copyCount: number;
  dataCount: number;
  copiedBytes: number;
  literalBytes: number;
  /** Bytes that a basis needs at least. */
  minBasisLength: number;
  /** SHA-256 of the target in hexadecimal digits, if the format carries it. */
  digest: string | undefined;
  regions: Regions;
}

/** How far a step is, in bytes. `total` is NaN if it is not known. */
export interface StepProgress {
  step: string;
  done: number;
  total: number;
}

/** From the page to the worker. */
export type Request =
  | { [K in JobName]: { type: "start"; id: number; slot: string; name: K; job: Jobs[K] } }[JobName]
  | { type: "cancel"; id: number };

/** From the worker to the page. */
export type Reply =
  | { type: "progress"; id: number; progress: StepProgress }
  | { type: "result"; id: number; result: Results[JobName] }
  | { type: "error"; id: number; message: string };
