/** Opens the built playground in Chromium. */
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPlayground, PLAYGROUND, servePlayground } from "../scripts/build_playground.ts";
import { CHROMIUM_FLAGS } from "./runtimes/chromium.js";

/** Longest wait for a step of a test, in milliseconds. The machine may be busy. */
export const TIMEOUT_MS = 60_000;

/** The page, served, and a browser. */
export class Playground {
  readonly url: string;
  readonly #executablePath: string;
  readonly #browser: Browser;
  readonly #server: ChildProcess;

  private constructor(url: string, executablePath: string, browser: Browser, server: ChildProcess) {
    this.url = url;
    this.#executablePath = executablePath;
    this.#browser = browser;
    this.#server = server;
  }

  /** Builds, serves and starts. */
  static async open(executablePath: string): Promise<Playground> {
    await buildPlayground();
    const server = servePlayground("pipe");
    const url = await addressOf(server);
    const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
    return new Playground(url, executablePath, browser, server);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.kill();
    await once(this.#server, "exit");
  }

  /**
   * Runs work in a page of its own. It fails if the page logs an error, or asks anybody but its own origin. What its
   * worker asks counts too.
   *
   * @returns The URLs that were asked.
   */
  async use(work: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<string[]> {
    return await this.#useContext(await this.#browser.newContext(options), work);
  }

  /** Does the same in a browser that keeps files on disk. Without a profile it keeps them in memory. */
  async useWithDisk(work: (page: Page) => Promise<void>): Promise<string[]> {
    const profile = mkdtempSync(join(tmpdir(), "rsync-streams-profile-"));
    try {
      const options = { executablePath: this.#executablePath, args: CHROMIUM_FLAGS };
      return await this.#useContext(await chromium.launchPersistentContext(profile, options), work);
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #useContext(context: BrowserContext, work: (page: Page) => Promise<void>): Promise<string[]> {
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(this.url);
      await work(page);
      assert.deepEqual(errors, []);
      assert.deepEqual(asked.filter((url) => !this.#isOwn(url)), []);
      return asked;
    } finally {
      await context.close();
    }
  }

  /** Whether a URL is of the page's origin, or never leaves the browser. */
  #isOwn(url: string): boolean {
    const { protocol, origin } = new URL(url);
    return protocol === "data:" || origin === new URL(this.url).origin;
  }
}

/** A file that is served with the page. */
export function served(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(PLAYGROUND, "pairs", name)));
}

async function addressOf(server: ChildProcess): Promise<string> {
  let output = "";
  for await (const bytes of server.stdout!) {
    output += bytes;
    // deno-lint-ignore no-control-regex
    const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(output.replace(/\x1b\[\d+m/g, ""))?.[0];
    if (found) return found;
  }
  throw new Error(`Cannot serve the playground: ${output}`);
}
