/** What the command `pull` refuses, and how it fails: with a code, in words, and the old file stays in its place. */
import assert from "node:assert/strict";
import { assertFile } from "../_cli_cases.ts";
import { cli, DENO, fails, names, quiet } from "../_cli_runner.ts";
import { runtimes } from "../_cli_runtimes.ts";
import { denoWith, NEW, OLD, says, sigOf, test } from "./_cli_host.ts";

test("pull refuses a result with a wrong digest, and keeps the old file", async (folder, host) => {
  const forged = NEW.slice();
  forged[300_000]! ^= 1;
  host.files.set("/app.bin", forged);
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  await fails(cli(DENO, ["pull", `${host.origin}/app.bin`], folder), 106, /SHA-256 .* was expected/);
  await assertFile(`${folder}/app.bin`, OLD);
  // What is kept is wrong too, and does no harm.
  await host.publish("/app.bin", NEW);
  await quiet(cli(DENO, ["pull", `${host.origin}/app.bin`], folder));
  await assertFile(`${folder}/app.bin`, NEW);
  assert.deepEqual(await names(folder), ["app.bin"]);
});

test("pull uses what the server has where ranges or the signature do not fit", async (folder, host) => {
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  host.givesRanges = false;
  await says(
    cli(DENO, ["pull", `${host.origin}/app.bin`], folder),
    /the whole file was fetched, since the server gives no ranges/,
  );
  await assertFile(`${folder}/app.bin`, NEW);
  host.givesRanges = true;
  host.files.set("/app.bin.rsig", await sigOf(OLD.toReversed()));
  await says(
    cli(DENO, ["pull", `${host.origin}/app.bin`], folder),
    /not verified, since its \.rsig is of another vers/,
  );
  await assertFile(`${folder}/app.bin`, NEW);
});

test("pull says in words what is wrong with the server, with exit code 109", async (folder, host) => {
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  await fails(cli(DENO, ["pull", `${host.origin}/none`], folder), 109, /status 404: there is no such file\n/);
  const gone = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = gone.addr as Deno.NetAddr;
  gone.close();
  const jobs = runtimes.map((runtime) => {
    return fails(
      cli(runtime, ["pull", `http://127.0.0.1:${port}/app.bin`], folder),
      109,
      /^rsync-streams: cannot reach http:\/\/127\.0\.0\.1:\d+\/app\.bin\.rsig: nothing listens there\n$/,
    );
  });
  await Promise.all(jobs);
  await assertFile(`${folder}/app.bin`, OLD);
  assert.deepEqual(await names(folder), ["app.bin"]);
});

test("pull refuses what it cannot use, with exit code 101", async (folder, host) => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /URL is missing: rsync-streams pull \[OPTIONS\] URL \[FILE\]/],
    [["app.bin"], /cannot use "app\.bin": an http: or https: URL was expected/],
    // As when FILE stands first: its folder is no host.
    [["../app.bin", "http://localhost/app"], /cannot use "\.\.\/app\.bin": an http: or https: URL was expected; try/],
    [["file:///etc/passwd"], /an http: or https: URL was expected/],
    [["ftp://example.org/file"], /an http: or https: URL was expected/],
    [["http://"], /an http: or https: URL was expected/],
    [["--sig", "file:///x", host.origin], /cannot use "file:\/\/\/x"/],
    [["--header", "nothing", host.origin], /invalid header "nothing": 'NAME: VALUE' was expected/],
    [["--header", "a: b\nc: d", host.origin], /invalid header/],
    [[`${host.origin}/app.bin`, "-"], /a file has to be named/],
    [["--basis", "-", `${host.origin}/app.bin`], /a file has to be named/],
    ...["/", "/folder/", "/.hidden", "/-f", "/a%2Fb", "/a%5Cb", "/a%00b", "/%ff", "/a%0ab"].map(
      (path): [string[], RegExp] => [[host.origin + path], /cannot name the file after ".*": give FILE/],
    ),
  ];
  for (const [args, message] of cases) await fails(cli(DENO, ["pull", ...args], folder), 101, message);
  assert.deepEqual([await names(folder), host.requests], [[], []]);
});

test("pull says which file or permission is missing, with exit code 100", async (folder, host) => {
  const url = `${host.origin}/app.bin`;
  const { host: name } = new URL(url);
  await Deno.mkdir(`${folder}/sub`);
  await fails(cli(DENO, ["pull", url, "sub"], folder), 100, /cannot read sub: it is a folder/);
  await fails(cli(DENO, ["pull", url, "none/file"], folder), 100, /cannot write none\/file: no such file or folder/);
  await fails(cli(DENO, ["pull", "--basis", "none", url], folder), 100, /cannot open none: no such file/);
  await fails(
    cli(denoWith("--allow-read", "--allow-write"), ["pull", url], folder),
    100,
    new RegExp(
      `cannot reach ${name}: Deno does not permit it, since --allow-net is missing or does not name the host\n`,
    ),
  );
  await fails(cli(denoWith("--allow-net", "--allow-read"), ["pull", url], folder), 100, /app\.bin: .*--allow-write/);
  await quiet(cli(denoWith(`--allow-net=${name}`, "--allow-read=.", "--allow-write=."), ["pull", url], folder));
  await assertFile(`${folder}/app.bin`, NEW);
});

test("pull is no command of rdiff", async (folder, host) => {
  await fails(cli(DENO, ["--rdiff", "pull", host.origin], folder), 101, /^rdiff: unknown command "pull"/);
});
