/** The playground in real Chromium, with the packed package. `deno task test:playground`. */
import axe from "axe-core";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { served } from "./_playground.ts";
import { fact, folder, isDone, openPair, save, temporary, until } from "./_playground_actions.ts";
import { hasRdiff, test } from "./_playground_fixture.ts";
import { dropFiles, dropLargePair, keptFiles, overflow, slowDown, violations } from "./_playground_page.js";
import { MemoryWatch } from "./_playground_memory.ts";

Deno.test.afterAll(() => rmSync(folder, { recursive: true }));

test("two texts are compared while they are typed", (playground) =>
  playground.use(async (page) => {
    await isDone(page);
    assert.match(await page.locator(".headline").innerText(), /The result is verified/);
    const before = await fact(page, "Literals");
    await page.getByLabel("Target: the new text").fill(await page.getByLabel("Basis: the old text").inputValue());
    await page.locator(".map figcaption").getByText("1 copied region,").waitFor();
    assert.equal(await fact(page, "Literals"), "0 bytes");
    assert.notEqual(before, "0 bytes");
    await page.locator(".marked:not(:has(ins))").waitFor(); // the text is read after the numbers are shown
    await page.getByLabel("Target: the new text").fill("");
    await page.getByText("The target is empty.").waitFor();
  }));

const PAIRS = [
  { name: "lodash", basis: "lodash-4.17.20.tar", target: "lodash-4.17.21.tar", maxWire: 200_000 },
  { name: "mdn-data", basis: "mdn-data-2.12.2.tar", target: "mdn-data-2.14.0.tar", maxWire: 400_000 },
  {
    name: "caniuse-lite",
    basis: "caniuse-lite-1.0.30001690.tar",
    target: "caniuse-lite-1.0.30001700.tar",
    maxWire: 2_900_000,
  },
];

for (const { name, target, maxWire } of PAIRS) {
  test(`the bundled pair ${name} is made again, byte for byte`, (playground) =>
    playground.use(async (page) => {
      await openPair(page, name);
      const lengths = await Promise.all(["Signature", "Delta"].map((step) => fact(page, step)));
      const [sig, delta] = lengths.map((text) => Number(text.replace(/\D/g, "")));
      assert.ok(sig! > 0 && delta! > 0 && sig! + delta! < maxWire, lengths.join());
      assert.equal(await fact(page, "Backend"), "wasm");
      const patched = readFileSync(await save(page, "Download the patched file"));
      assert.ok(patched.equals(served(target)));
      assert.equal(readFileSync(await save(page, "Download the signature")).length, sig);
    }));
}

test("a dropped pair is compared, also by the portable backend", (playground) =>
  playground.use(async (page) => {
    const lines = Array.from({ length: 4000 }, (_, i) => `line ${i}\n`);
    const old = { name: "old.txt", text: lines.join("") };
    const fresh = { name: "new.txt", text: lines.with(7, "changed").join("") };
    const newest = { name: "newest.txt", text: `${fresh.text}more` };
    await page.evaluate(dropFiles, { selector: "body", files: [old, fresh] });
    await isDone(page);
    await page.getByText("old.txt").waitFor();
    assert.match(await page.locator(".headline").innerText(), /The result is verified/);
    const delta = await fact(page, "Delta");
    await page.getByLabel("Backend").selectOption("portable");
    await page.locator("dd").getByText("portable", { exact: true }).waitFor();
    assert.equal(await fact(page, "Delta"), delta);
    assert.equal(readFileSync(await save(page, "Download the patched file"), "utf8"), fresh.text);
    await page.evaluate(dropFiles, { selector: ".drop:has(#target)", files: [newest] });
    await page.locator('a[download="newest.txt"]').waitFor();
    assert.equal(readFileSync(await save(page, "Download the patched file"), "utf8"), newest.text);
  }));

test("options change what is made, and the code says so", (playground) =>
  playground.use(async (page) => {
    await openPair(page, "mdn-data");
    assert.match(await page.getByText("recommended for this basis").innerText(), /: 832 \(in use\)/);
    await page.getByLabel("Block length, bytes").first().fill("512");
    await page.getByLabel("Block length, bytes").first().press("Enter");
    await page.locator("dd").getByText("of 512 bytes").waitFor();
    await page.getByLabel("Strong sum").selectOption("blake2b");
    await page.locator("code").getByText('blockLength: 512, strongSum: "blake2b"').waitFor();
    await page.getByRole("button", { name: "Copy the code" }).filter({ visible: true }).click();
    await page.getByText("Copied.").waitFor();
    assert.match(await page.evaluate("navigator.clipboard.readText()"), /blockLength: 512, strongSum: "blake2b"/);
    await page.getByLabel("Block length, bytes").first().fill("3");
    await page.getByLabel("Block length, bytes").first().press("Enter");
    await page.getByRole("alert").filter({ hasText: /^Cannot use blockLength: .*3 was given/ }).waitFor();
  }, { permissions: ["clipboard-read", "clipboard-write"] }));

test("files of the luapower format are made, and read again", (playground) =>
  playground.use(async (page) => {
    await openPair(page, "mdn-data");
    await page.getByLabel("Format", { exact: true }).first().selectOption("luapower");
    await page.getByText("This format does not verify the result").waitFor();
    const delta = await save(page, "Download the delta");
    const copied = await fact(page, "Copied");
    await page.getByLabel("Delta in format").selectOption("rsync-streams");
    const transcoded = await save(page, "Download the delta");
    await page.getByRole("tab", { name: "Open a signature" }).click();
    await page.getByLabel("It is of the luapower format").check();
    await page.getByRole("tabpanel").getByLabel("Block length, bytes").fill("768");
    await page.getByLabel("A signature or a delta").setInputFiles(delta);
    await page.locator("dd").getByText(`${copied} by`).waitFor();
    await page.getByLabel("It is of the luapower format").uncheck();
    await page.getByLabel("A signature or a delta").setInputFiles(transcoded);
    const basis = temporary("basis", served("mdn-data-2.12.2.tar"));
    await page.getByLabel("Patch a basis").setInputFiles(basis);
    const patched = readFileSync(await save(page, "Download the patched file"));
    assert.ok(patched.equals(served("mdn-data-2.14.0.tar")));
  }));

test(
  "rdiff takes the delta, and the page takes what rdiff makes",
  (playground) =>
    playground.use(async (page) => {
      const basis = temporary("basis", served("mdn-data-2.12.2.tar"));
      const target = temporary("target", served("mdn-data-2.14.0.tar"));
      await openPair(page, "mdn-data");
      await page.getByLabel("Delta in format").selectOption("librsync");
      await page.locator('a[download="delta.librsync"]').waitFor();
      const delta = await save(page, "Download the delta");
      execFileSync("rdiff", ["patch", basis, delta, join(folder, "patched-by-rdiff")]);
      assert.ok(readFileSync(join(folder, "patched-by-rdiff")).equals(readFileSync(target)));

      execFileSync("rdiff", ["signature", basis, join(folder, "rdiff.sig")]);
      execFileSync("rdiff", ["delta", join(folder, "rdiff.sig"), target, join(folder, "rdiff.delta")]);
      await page.getByRole("tab", { name: "Open a signature" }).click();
      await page.getByLabel("A signature or a delta").setInputFiles(join(folder, "rdiff.sig"));
      await page.getByRole("heading", { name: "A signature" }).waitFor();
      assert.equal(await fact(page, "Format"), "librsync");
      await page.getByLabel("Make a delta of a target").setInputFiles(target);
      const made = await save(page, "Download the delta");
      execFileSync("rdiff", ["--force", "patch", basis, made, join(folder, "patched-by-rdiff")]);
      assert.ok(readFileSync(join(folder, "patched-by-rdiff")).equals(readFileSync(target)));

      await page.getByLabel("A signature or a delta").setInputFiles(join(folder, "rdiff.delta"));
      await page.getByRole("heading", { name: "A delta" }).waitFor();
      assert.equal(await fact(page, "Target"), "699,904 bytes");
      await page.getByLabel("Patch a basis").setInputFiles(basis);
      assert.ok(readFileSync(await save(page, "Download the patched file")).equals(readFileSync(target)));
    }),
  !hasRdiff,
);

test("what is chosen as soon as it shows stays chosen, in a slow page too", (playground) =>
  playground.use(async (page) => {
    await page.addInitScript(slowDown);
    await page.reload();
    await openPair(page, "mdn-data");
    await page.getByLabel("Delta in format").selectOption("librsync");
    await page.locator('a[download="delta.librsync"]').waitFor();
    await page.getByLabel("Strong sum").selectOption("blake2b");
    await isDone(page);
    assert.equal(await page.locator("code").getByText('strongSum: "blake2b"').count(), 1, "no result of other options");
    await page.getByRole("button", { name: "Compare them on this pair" }).click();
    await page.locator(".chart").waitFor();
  }));

test("a corrupted delta is an error in words", (playground) =>
  playground.use(async (page) => {
    const basis = temporary("basis", served("lodash-4.17.20.tar"));
    await openPair(page, "lodash");
    const delta = readFileSync(await save(page, "Download the delta"));
    const flipped = Uint8Array.from(delta);
    flipped[delta.length >> 1]! ^= 1; // literals
    await page.getByRole("tab", { name: "Open a signature" }).click();
    await page.getByLabel("A signature or a delta").setInputFiles(temporary("flipped", flipped));
    await page.getByLabel("Patch a basis").setInputFiles(basis);
    await page.getByRole("alert").filter({ hasText: /^Cannot .* the delta: .*digest/ }).waitFor();
    assert.equal(
      await page.getByRole("link", { name: "Download the patched file" }).filter({ visible: true }).count(),
      0,
    );
    for (const bytes of [delta.subarray(0, delta.length - 5), Uint8Array.of(1, 2, 3)]) {
      await page.getByLabel("A signature or a delta").setInputFiles(temporary("damaged", bytes));
      await page.getByRole("alert").filter({ hasText: bytes.length > 3 ? /it ends/ : /^Cannot read the delta/ })
        .waitFor();
    }
  }));

test("a file is updated from a URL, after its plan", (playground) =>
  playground.use(async (page) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname.split("/").at(-1)!));
    await page.getByRole("tab", { name: "Update from a URL" }).click();
    await page.getByRole("button", { name: "Take lodash" }).click();
    await page.getByText("lodash-4.17.20.tar, 2,260,480 bytes").waitFor();
    asked.length = 0;
    await page.getByRole("button", { name: "Make a plan" }).click();
    await page.getByRole("heading", { name: "The plan" }).waitFor();
    assert.deepEqual([...new Set(asked)], ["lodash-4.17.21.tar.rsig"], "the plan reads the signature alone");
    assert.equal(await fact(page, "How"), "requests for ranges");
    await page.getByRole("button", { name: "Fetch the update" }).click();
    const path = await save(page, "Download the new file");
    assert.ok(readFileSync(path).equals(served("lodash-4.17.21.tar")));
    assert.ok(asked.includes("lodash-4.17.21.tar"));
    await page.getByText("The result is verified.").filter({ visible: true }).waitFor();
  }));

/** More than that must not be held while 1 GiB is worked on. Its signature has 32,768 records. */
const MAX_GROWTH = 400 * 2 ** 20;

test(
  "a file of 1 GiB takes little memory, and can be cancelled",
  (playground) =>
    playground.useWithDisk(async (page) => {
      await page.getByText("Two files of yours").click();
      await using memory = await MemoryWatch.start(page.context());
      await page.evaluate(dropLargePair, 1024);
      await page.getByRole("progressbar", { name: "Delta" }).waitFor();
      await page.locator(".bar").filter({ hasText: "Delta" }).getByText(/left$/).waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText("Cancelled.").waitFor();
      await until(async () => (await page.evaluate(keptFiles)).every((name) => !name.endsWith("-delta")));
      await page.getByRole("button", { name: "Try again" }).click();
      await page.locator(".headline:visible").waitFor({ timeout: 300_000 });
      const { growth } = memory;
      console.log(`memory grew by ${Math.round(growth / 2 ** 20)} MiB`);
      assert.ok(growth < MAX_GROWTH, `${growth} bytes`);
      assert.match(await page.locator(".headline").innerText(), /The result is verified/);
      assert.equal(await fact(page, "Target"), `${(2 ** 30 + 8).toLocaleString("en")} bytes`);
      await page.getByText("3 copied regions, 3 of them moved").waitFor();

      const kept = async () => (await page.evaluate(keptFiles)).map((name) => name.split("-").at(-1)).sort();
      await page.reload();
      await isDone(page);
      assert.deepEqual(await kept(), ["delta", "patched", "signature"], "what the page kept before is gone");
      const second = await page.context().newPage();
      await second.goto(playground.url);
      await isDone(second);
      assert.equal((await kept()).length, 6, "a second page leaves the files of the first");
    }),
  Deno.build.os !== "linux", // memory is read from /proc
);

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    test(`the page is accessible and fits: ${colorScheme}, ${width} pixels wide`, (playground) =>
      playground.use(async (page) => {
        const check = async (what: string) => {
          assert.deepEqual(await page.evaluate(violations), [], what);
          assert.ok(await page.evaluate(overflow) <= 0, `${what} is wider than the screen`);
        };
        await page.evaluate(axe.source);
        await isDone(page);
        await check("texts");
        await openPair(page, "mdn-data");
        await page.getByText("The regions as a table").click();
        await page.getByRole("button", { name: "Compare them on this pair" }).click();
        await page.locator(".chart").waitFor();
        await check("a pair");
        await page.getByLabel("Block length, bytes").first().fill("3");
        await page.getByLabel("Block length, bytes").first().press("Enter");
        await page.getByRole("alert").waitFor();
        await check("an error");
        await page.getByText("Two files of yours").click();
        await check("files");
        await page.getByRole("tab", { name: "Update from a URL" }).click();
        await page.getByRole("button", { name: "Make a plan" }).click();
        await page.getByRole("button", { name: "Fetch the update" }).waitFor();
        await check("a plan");
        await page.getByRole("tab", { name: "Open a signature" }).click();
        await check("a file to open");
        const licences = await page.getByRole("link", { name: "Licences" }).getAttribute("href");
        const answer = await page.request.get(new URL(licences!, playground.url).href);
        assert.match(await answer.text(), /Paul Miller[^]*Jason Miller/);
      }, { colorScheme, viewport: { width, height: 900 } }));
  }
}

test("keys alone are enough", (playground) =>
  playground.use(async (page) => {
    await isDone(page);
    const selection = page.locator(".selection");
    await page.getByRole("application").focus();
    await page.keyboard.press("ArrowRight");
    await selection.getByText("copied from the basis at the same place").waitFor();
    await page.keyboard.press("ArrowRight");
    await selection.getByText("literals, sent in the delta").waitFor();
    await page.keyboard.press("+");
    await page.keyboard.press("End");
    assert.match(await selection.innerText(), /to 969,/);
    await page.getByRole("tab", { name: "Compare" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Tab");
    assert.equal(await page.getByLabel("URL of the new file").evaluate((input) => input.matches(":focus")), true);
  }));

test("the map describes the region under the pointer, and zooms", (playground) =>
  playground.use(async (page) => {
    await isDone(page);
    const map = page.locator(".canvas");
    await map.hover({ position: { x: 3, y: 30 } });
    await page.locator(".selection").getByText(/^Target 0 to 48, 48 bytes: copied/).waitFor();
    const ends = page.locator(".map .between");
    assert.equal(await ends.innerText(), "0\n969");
    await page.getByRole("button", { name: "Zoom in" }).click();
    assert.equal(await ends.innerText(), "242\n727");
    await page.mouse.move(0, 0);
    await page.getByRole("button", { name: "All" }).click();
    assert.equal(await ends.innerText(), "0\n969");
  }));
