/** Uses every export of the package, with what any project has: no types of DOM, Node or Bun are named here. */
import * as main from "rsync-streams";
import {
  applyDelta,
  type ApplyDeltaOptions,
  type Backend,
  type BackendOptions,
  type Basis,
  type BasisSource,
  type BlobLike,
  type BlobPartLike,
  type ByteBody,
  type ByteChunk,
  type ByteReadable,
  type ByteReader,
  type ByteSource,
  type CommonOptions,
  type CopyCommand,
  createDelta,
  type CreateDeltaOptions,
  createSig,
  type CreateSigOptions,
  type DataCommand,
  decodeDeltaStream,
  type DecodeDeltaStreamOptions,
  type DeltaCommand,
  type DeltaFormatOptions,
  type DeltaStats,
  deltaStream,
  type DeltaStreamOptions,
  type DenoFile,
  encodeDeltaStream,
  type EncodeDeltaStreamOptions,
  type Format,
  loadSigs,
  type LoadSigsOptions,
  minStrongLength,
  type NodeFileHandle,
  type PatchStats,
  patchStream,
  type PatchStreamOptions,
  recommendedBlockLength,
  RsyncError,
  type RsyncErrorCode,
  type RsyncErrorOptions,
  type SeekableBasis,
  type Signature,
  type SigStats,
  sigStream,
  type SigStreamOptions,
  type StreamPair,
  type StrongSum,
  type SumStreamPair,
  type SyncAccessHandle,
  useWasmModule,
  type WasmModule,
  type WeakSum,
  type WebFileHandle,
} from "rsync-streams";
import {
  type Alarms,
  basisFromCallbacks,
  type CallbackReader,
  type CallbackWriter,
  readableFromRead,
  type ReadCallback,
  readFromReadable,
  type RollingSum,
  Rsync,
  type RsyncOptions,
  type SeekCallback,
  type SigRecord,
  type StrongHash,
  writableFromWrite,
  type WriteCallback,
  writeToWritable,
} from "rsync-streams/callbacks";
import { runCli, type RunCliOptions } from "rsync-streams/cli";
import {
  atomicWritable,
  type AtomicWritableOptions,
  type FileBasis,
  fileBasis,
  fileReadable,
} from "rsync-streams/files";
import {
  type ConnectionOptions,
  fetchUpdate,
  HttpError,
  type HttpErrorCode,
  type HttpErrorOptions,
  planUpdate,
  type SendStats,
  sendUpdate,
  type SendUpdateOptions,
  type SentUpdate,
  type ServedFile,
  type SyncHandler,
  syncHandler,
  type SyncHandlerOptions,
  type Update,
  type UpdateFallback,
  type UpdateOptions,
  type UpdatePlan,
  type UpdateStats,
} from "rsync-streams/http";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import kernel from "rsync-streams/kernel.wasm";
import {
  type ByteRange,
  type Layer,
  type LayeredFooter,
  type LayeredHeader,
  LayeredSig,
  layeredSigStream,
  type LayeredSigStreamOptions,
  planSync,
  type PlanSyncOptions,
  type PlanSyncStats,
  type RangesSource,
  recommendedLayers,
  type Span,
  type SumBatch,
  type SyncPlan,
  type SyncRun,
} from "rsync-streams/sync";

const bytes = new Uint8Array(1000);
const none: Uint8Array<ArrayBuffer>[] = [];

/** The three steps. */
export async function steps(path: string): Promise<DeltaStats> {
  const format: Format = "rsync-streams";
  const weakSum: WeakSum = "rollsum";
  const strongSum: StrongSum = "blake3";
  const onProgress = ({ bytesIn, bytesOut }: SigStats | DeltaStats | PatchStats) => void (bytesIn + bytesOut).toFixed();
  const sigOptions: SigStreamOptions = { format, weakSum, strongSum, fileLength: 1000, digest: true, onProgress };
  const loadOptions: LoadSigsOptions = { maxInputLength: 1e6, signal: new AbortController().signal };
  const deltaOptions: DeltaStreamOptions = { digest: true, onProgress };
  const patchOptions: PatchStreamOptions = { maxOutputLength: 1e6, onProgress };
  const compute: BackendOptions = { backend: "portable" };
  const sig: SumStreamPair<ByteChunk, Uint8Array<ArrayBuffer>, SigStats> = sigStream({ ...sigOptions, ...compute });
  const pair: StreamPair<ByteChunk, Uint8Array<ArrayBuffer>, SigStats> = sig;
  const sigs: Signature = await loadSigs(fileReadable(path).pipeThrough(pair), loadOptions);
  const backend: Backend = sigs.backend;
  sigStream({ backend });
  const delta = deltaStream(sigs, deltaOptions);
  const atomic: AtomicWritableOptions = { sync: false, onWarning: ({ message }) => void message.trim() };
  const basis: FileBasis = await fileBasis(path);
  await fileReadable(path).pipeThrough(delta).pipeThrough(patchStream(basis, patchOptions)).pipeTo(
    atomicWritable(path, atomic),
  );
  await basis[Symbol.asyncDispose]();
  // @ts-expect-error There is no such option.
  sigStream({ blockSize: 1 });
  // @ts-expect-error A signature has to be awaited.
  deltaStream(loadSigs(bytes));
  return delta.stats;
}

/** The three steps on bytes in memory. */
export async function buffers(): Promise<Uint8Array<ArrayBuffer>> {
  const { signal } = new AbortController();
  const sigOptions: CreateSigOptions = { blockLength: 64, signal };
  const deltaOptions: CreateDeltaOptions = { digest: true, signal };
  const patchOptions: ApplyDeltaOptions = { maxOutputLength: 1e6, signal };
  const sig = await createSig(bytes, sigOptions);
  const delta = await createDelta(sig, [bytes], deltaOptions);
  await createDelta(await loadSigs(sig), bytes, { onProgress: ({ total }) => void total?.toFixed() });
  return await applyDelta(bytes, delta, patchOptions);
}

/** Commands of a delta. */
export async function commands(): Promise<Format> {
  const copy: CopyCommand = { copy: { offset: 0, length: 5 } };
  const data: DataCommand = { data: bytes };
  const list: DeltaCommand[] = [copy, data];
  const told: DeltaFormatOptions = { format: "luapower", blockLength: 64 };
  const decode: DecodeDeltaStreamOptions = { ...told };
  const encode: EncodeDeltaStreamOptions = { ...told, maxOutputLength: 1e6 };
  const { readable, writable } = encodeDeltaStream(encode);
  const writer = writable.getWriter();
  for (const command of list) await writer.write(command);
  const reader = readable.pipeThrough(decodeDeltaStream(decode)).getReader();
  const { value } = await reader.read();
  const options: CommonOptions<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> = encode;
  return value && options ? "librsync" : "rsync-streams";
}

/** Errors, lengths and WebAssembly. */
export function others(): RsyncErrorCode {
  const options: RsyncErrorOptions = { offset: 5, cause: main };
  const { code, offset, cause } = new RsyncError("limit", "too long", options);
  const length: number = recommendedBlockLength(1e6) + minStrongLength(1e6, 1024) + (offset ?? 0);
  const module: WasmModule = kernel;
  useWasmModule(module);
  const wasm: Uint8Array = kernelBytes();
  // @ts-expect-error There is no such code.
  new RsyncError("no-such-code", "");
  return cause && length + wasm.length > 0 ? code : "truncated";
}

/** Kinds of basis and source that need nothing of the platform. */
export function kinds(blob: BlobLike, body: ByteBody, readable: ByteReadable): [Basis[], ByteSource[], BlobPartLike] {
  const source: BasisSource = { size: 1000, read: (offset, length) => bytes.subarray(offset, offset + length) };
  const seekable: SeekableBasis = { seek: () => {}, read: () => 0 };
  const node: NodeFileHandle = {
    fd: 3,
    read: () => Promise.resolve({ bytesRead: 0 }),
    stat: () => Promise.resolve({ size: 0, isFile: () => true }),
  };
  const deno: DenoFile = {
    seek: () => Promise.resolve(0),
    read: () => Promise.resolve(null),
    stat: () => Promise.resolve({ size: 0, isFile: true }),
  };
  const web: WebFileHandle = { kind: "file", getFile: () => Promise.resolve(blob) };
  const handle: SyncAccessHandle = { read: () => 0, getSize: () => 0 };
  const reader: ByteReader = readable.getReader();
  reader.releaseLock();
  return [
    [blob, bytes, bytes.buffer, source, seekable, node, deno, web, handle],
    [readable, body, blob, bytes, none],
    blob.slice(0, 5),
  ];
}

/** The API of callbacks. */
export async function callbacks(sum: RollingSum, hash: StrongHash): Promise<Alarms> {
  const read: ReadCallback = (buffer, length) => Promise.resolve(Math.min(buffer.length, length, 0));
  const write: WriteCallback = (buffer, length) => void buffer.subarray(0, length);
  const seek: SeekCallback = (offset) => void offset;
  const options: RsyncOptions = { weakSum: () => sum, strongSum: () => hash };
  const rsync = new Rsync(options).with({ blockLength: 64 });
  const records: SigRecord[] = [];
  await rsync.genSigs(read, (record) => void records.push(record));
  const sigs = await rsync.loadSigs(() => records.shift());
  const reader: CallbackReader = readFromReadable(readableFromRead(read));
  const writer: CallbackWriter = writeToWritable(writableFromWrite(write));
  await rsync.patchFile(reader.read, seek, read, writer.write);
  patchStream(basisFromCallbacks({ seek, read }));
  return await rsync.genDeltasFile(read, sigs, write);
}

/** Layered signatures. */
export async function layers(basis: Basis): Promise<SyncPlan> {
  const list: readonly Layer[] = recommendedLayers(1e6);
  const options: LayeredSigStreamOptions = { layers: list, entityTag: '"1"', modifiedMs: 0 };
  const seen: PlanSyncStats[] = [];
  const { signal } = new AbortController();
  const planning: PlanSyncOptions = { literalCost: 0.5, signal, onProgress: (stats) => void seen.push({ ...stats }) };
  const { readable } = layeredSigStream(options);
  const ranges: RangesSource = {
    read: () => bytes,
    async *readRanges(list: readonly ByteRange[]) {
      for (const { length } of list) yield await Promise.resolve(bytes.subarray(0, length));
    },
  };
  await loadSigs(readable);
  const sig = await LayeredSig.open(ranges);
  const footer: LayeredFooter = sig.footer;
  const header: LayeredHeader = footer;
  const span: Span = { start: 0, end: 1 };
  for await (const batch of sig.recordsOf(0, [span])) {
    const { count }: SumBatch = batch;
    if (count > header.layers.length) break;
  }
  const plan = await planSync(sig, basis, planning);
  const run: SyncRun | undefined = plan.runs[0];
  return run ? plan : plan;
}

/** Updates over HTTP. */
export async function http(url: URL, basis: Basis): Promise<UpdatePlan> {
  const connection: ConnectionOptions = { headers: { Authorization: "x" }, timeoutMs: 5000 };
  const file: ServedFile = { basis: bytes, size: 1000, entityTag: '"1"' };
  const serving: SyncHandlerOptions = { open: ({ pathname }) => pathname === "/" ? file : undefined };
  const handler: SyncHandler = syncHandler(serving);
  const fetch: typeof connection.fetch = (url, init) => handler(new Request(url, init));
  const updating: UpdateOptions = { ...connection, fetch, onProgress: ({ bytesOut }: UpdateStats) => void bytesOut };
  const sending: SendUpdateOptions = {
    ...connection,
    headers: [["a", "b"]],
    onProgress: (stats: SendStats) => void stats,
  };
  const update: Update = await fetchUpdate(url, basis, updating);
  const fallback: UpdateFallback | undefined = update.stats.fallback;
  const sent: SentUpdate = await sendUpdate(url, basis, { ...sending, headers: new Headers() });
  const why: HttpErrorOptions = { status: 404 };
  const code: HttpErrorCode = "status";
  // @ts-expect-error There is no such status.
  if (sent.status === "replaced") throw new HttpError(code, url, fallback ?? "", why);
  await update.readable.pipeTo(atomicWritable("file"));
  return await planUpdate(url, undefined, updating);
}

/** The command. */
export function cli(): Promise<number> {
  const options: RunCliOptions = { signal: new AbortController().signal };
  return runCli(["--version"], options);
}
