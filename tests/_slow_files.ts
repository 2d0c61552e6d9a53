/** Files whose operations take a moment, so that a test sees what does not wait for them. */
import fs from "node:fs";
import { replace } from "./_cli_inside.ts";

type Call = (...args: unknown[]) => unknown;

/** Not one that passes at once, as those of attempts do in some tests. */
const { setTimeout: wait } = globalThis;
const MOMENT_MS = 20;
/** How long the first file takes to close that is opened with callbacks. The n-th takes n × n times less. */
const FIRST_CLOSE_MS = 120;

export class SlowFiles {
  /** Each operation with an open part or with a name: when it begins, and when it is done. */
  readonly events: string[] = [];
  /** Operations that are under way. */
  pendingCount = 0;
  /** Files that are open. */
  openCount = 0;
  /** Files that were opened so far. */
  openedCount = 0;
  /** Files that were open at the same time. */
  maxOpenCount = 0;
  /** Called before each operation, which fails if this throws. */
  before: (name: string) => void = () => {};

  /** Does something a moment later. */
  async run<T>(name: string, operation: () => T | Promise<T>): Promise<T> {
    this.pendingCount++;
    this.events.push(name);
    try {
      await new Promise((resolve) => wait(resolve, MOMENT_MS));
      this.before(name);
      const result = await operation();
      this.events.push(`${name} done`);
      return result;
    } finally {
      this.pendingCount--;
    }
  }

  opened(): void {
    this.openCount++;
    this.openedCount++;
    this.maxOpenCount = Math.max(this.maxOpenCount, this.openCount);
  }

  /** Makes the operations with an open file slow. */
  watch(file: fs.promises.FileHandle): fs.promises.FileHandle {
    this.opened();
    const write = file.write.bind(file) as Call;
    const close = file.close.bind(file);
    const truncate = file.truncate.bind(file);
    replace(file, "write", (bytes: Uint8Array, offset: number, length: number, position: number) => {
      return this.run("write", () => write(bytes, offset, length, position));
    });
    replace(file, "truncate", (length: number) => this.run("truncate", () => truncate(length)));
    replace(file, "close", async () => {
      await this.run("close", close);
      this.openCount--;
    });
    return file;
  }
}

/** Does work in which files are slow. */
export async function withSlowFiles(work: (files: SlowFiles) => Promise<unknown>): Promise<void> {
  const files = new SlowFiles();
  const { open, close } = fs as unknown as Record<string, Call>;
  const { open: openHandle, unlink } = fs.promises;
  let closeCount = 0;
  const restore = [
    replace(fs.promises, "open", (...args: Parameters<typeof openHandle>) => {
      return files.run("open", async () => files.watch(await openHandle(...args)));
    }),
    replace(fs.promises, "unlink", (path: string) => files.run("unlink", () => unlink(path))),
    // Those that are opened with callbacks: inputs, outputs and bases.
    replace(fs, "open", (...args: unknown[]) => {
      const done = args.pop() as Call;
      open!(...args, (error: unknown, fd: unknown) => {
        if (!error) files.opened();
        done(error, fd);
      });
    }),
    replace(fs, "close", (fd: number, done: Call) => {
      files.pendingCount++;
      // Longer than those behind it, so that nobody has waited for it by waiting for them.
      const ms = FIRST_CLOSE_MS / ++closeCount ** 2;
      wait(() => {
        close!(fd, (error: unknown) => {
          files.pendingCount--;
          files.openCount--;
          done(error);
        });
      }, ms);
    }),
  ];
  try {
    await work(files);
  } finally {
    for (const undo of restore.reverse()) undo();
  }
}
