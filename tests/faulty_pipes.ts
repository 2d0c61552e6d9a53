/** Pipes whose source, basis and sink count their steps, and fail at one of them. */
import {
  decodeDeltaStream,
  deltaStream,
  encodeDeltaStream,
  loadSigs,
  patchStream,
  type Signature,
  sigStream,
} from "rsync-streams";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";

type Bytes = Uint8Array<ArrayBuffer>;

/** What fails a step. It has to come out as the same object. */
export const FAULT = new Error("a fault that a test made");

/** Steps of a source, a basis and a sink, counted together. One of them fails. */
export class Steps {
  /** The step that fails, from 0 on. Infinity is for none. */
  readonly #failing: number;
  /** Whether later steps fail too, as those of a network that is gone. */
  readonly #isLasting: boolean;
  count = 0;
  /** What was done to both ends of a pipe because of it. */
  readonly seen: { cancelled?: unknown; aborted?: unknown; failed?: string } = {};

  constructor(failing = Infinity, isLasting = false) {
    this.#failing = failing;
    this.#isLasting = isLasting;
  }

  /** Counts a step. */
  step(where: string): void {
    const step = this.count++;
    if (step !== this.#failing && !(this.#isLasting && step > this.#failing)) return;
    this.seen.failed ??= where;
    throw FAULT;
  }

  /** Bytes in chunks, a step for each. */
  source(bytes: Bytes, chunkLength: number): ReadableStream<Bytes> {
    let at = 0;
    return new ReadableStream({
      pull: async (controller) => {
        await null;
        this.step("source");
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at += chunkLength));
      },
      cancel: (reason) => {
        this.seen.cancelled = reason;
      },
    }, { highWaterMark: 0 });
  }

  /** A basis, a step for each read. Every other read is synchronous. */
  basis(bytes: Bytes) {
    let reads = 0;
    return {
      size: bytes.length,
      read: (offset: number, length: number): Uint8Array | Promise<Uint8Array> => {
        const read = () => {
          this.step("basis");
          return bytes.subarray(offset, offset + length);
        };
        return reads++ % 2 ? read() : Promise.resolve().then(read);
      },
    };
  }

  /** A sink, a step for each chunk and for the close. */
  sink(written: Uint8Array[]): WritableStream<Uint8Array> {
    return new WritableStream({
      write: async (chunk) => {
        await null;
        this.step("sink");
        written.push(chunk.slice());
      },
      close: () => this.step("sink"),
      abort: (reason) => {
        this.seen.aborted = reason;
      },
    });
  }
}

/** Files, and what is made of them. */
export interface Inputs {
  basis: Bytes;
  target: Bytes;
  sig: Bytes;
  sigs: Signature;
  delta: Bytes;
  layered: Bytes;
  chunkLength: number;
}

/** What is made of two files, with blocks of `blockLength` bytes. */
export async function inputsOf(basis: Bytes, target: Bytes, blockLength: number, chunkLength: number): Promise<Inputs> {
  const through = (bytes: Bytes, pair: ReadableWritablePair<Bytes, BufferSource>) =>
    new Response(ReadableStream.from([bytes]).pipeThrough(pair)).bytes();
  const sig = await through(basis, sigStream({ blockLength }));
  const sigs = await loadSigs(sig);
  const layers = [4, 1].map((factor) => ({ blockLength: factor * blockLength, strongLength: 8 }));
  return {
    basis,
    target,
    sig,
    sigs,
    delta: await through(target, deltaStream(sigs)),
    layered: await through(target, layeredSigStream({ layers })),
    chunkLength,
  };
}

type Pipe = (steps: Steps, written: Uint8Array[], inputs: Inputs) => Promise<void>;

/** Each stage between a source and a sink, and what reads by itself. */
export const PIPES: Record<string, Pipe> = {
  "sigStream()": (steps, written, { basis, chunkLength }) =>
    steps.source(basis, chunkLength).pipeThrough(sigStream({ blockLength: 64, salt: new Uint8Array(16) }))
      .pipeTo(steps.sink(written)),
  "loadSigs()": async (steps, written, { sig, chunkLength }) => {
    written.push(Uint8Array.of((await loadSigs(steps.source(sig, chunkLength))).sigCount & 255));
  },
  "deltaStream()": (steps, written, { target, sigs, chunkLength }) =>
    steps.source(target, chunkLength).pipeThrough(deltaStream(sigs)).pipeTo(steps.sink(written)),
  "patchStream()": (steps, written, { delta, basis, chunkLength }) =>
    steps.source(delta, chunkLength).pipeThrough(patchStream(steps.basis(basis))).pipeTo(steps.sink(written)),
  "decodeDeltaStream() and encodeDeltaStream()": (steps, written, { delta, chunkLength }) =>
    steps.source(delta, chunkLength).pipeThrough(decodeDeltaStream()).pipeThrough(encodeDeltaStream())
      .pipeTo(steps.sink(written)),
  "layeredSigStream()": (steps, written, { target, chunkLength }) =>
    steps.source(target, chunkLength).pipeThrough(layeredSigStream({ salt: new Uint8Array(16) }))
      .pipeTo(steps.sink(written)),
  "LayeredSig.open() and planSync()": async (steps, written, { layered, basis }) => {
    const plan = await planSync(await LayeredSig.open(steps.basis(layered)), steps.basis(basis));
    written.push(new TextEncoder().encode(JSON.stringify(plan.runs)));
  },
  "three stages in a row": (steps, written, { target, sigs, basis, chunkLength }) =>
    steps.source(target, chunkLength).pipeThrough(deltaStream(sigs)).pipeThrough(patchStream(steps.basis(basis)))
      .pipeThrough(sigStream({ blockLength: 64, salt: new Uint8Array(16) })).pipeTo(steps.sink(written)),
};
