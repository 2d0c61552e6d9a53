/** Signatures that are damaged: each prefix, and each byte changed. The update ends in the file all the same. */
import { checkOutcome, checkRequests, updateFrom } from "./_conformance.ts";
import { type Expected, fileOr, quirky, siteOf, THE_FILE } from "./_hosts/case.ts";
import { flip } from "./_hosts/doubtful_bytes.ts";
import type { Bytes } from "./_hosts/host.ts";
import { published } from "./_hosts/published.ts";
import { serve } from "./_hosts/serve.ts";
import { DIGEST_END } from "./_hosts/signatures.ts";

/** Tests that are not slow try some of the bytes, and all of the footer. */
const STEP = Deno.env.get("RSYNC_STREAMS_SLOW") === "1" ? 1 : 67;
const FOOTER_LENGTH = 120;
const DIGEST_LENGTH = 32;

async function updateWith(sigBytes: Bytes, expected: Expected, what: string): Promise<void> {
  const { basis, file, sig } = await published("small");
  await using host = await serve(quirky(siteOf({ file, sig: { ...sig, bytes: sigBytes } }), () => undefined));
  try {
    checkOutcome(await updateFrom(host, basis), [file.bytes], expected);
    checkRequests(host, expected.requests);
  } catch (error) {
    throw new Error(what, { cause: error });
  }
}

function* offsets(length: number): Generator<number> {
  for (let at = 0; at < length; at += at < length - FOOTER_LENGTH ? STEP : 1) yield at;
}

Deno.test("an update with a prefix of the signature ends in the file", async () => {
  const { sig: { bytes } } = await published("small");
  for (const at of offsets(bytes.length)) await updateWith(bytes.slice(0, at), THE_FILE, `the first ${at} bytes`);
});

Deno.test("an update with a wrong byte in the signature ends in the file, unless it is in the digest", async () => {
  const { sig: { bytes } } = await published("small");
  const digestStart = bytes.length - DIGEST_END - DIGEST_LENGTH;
  for (const at of offsets(bytes.length)) {
    const isDigest = at >= digestStart && at < digestStart + DIGEST_LENGTH;
    await updateWith(flip(bytes, at), isDigest ? fileOr("digest-mismatch") : THE_FILE, `byte ${at} changed`);
  }
});
