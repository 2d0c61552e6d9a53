import type { SigHeader } from "../engine/interface.ts";
import { Signer } from "../engine/signer.ts";
import type { SigStats } from "../engine/stats.ts";
import type { FormatCodec } from "../formats/interface.ts";
import type { Kernel } from "../kernel/interface.ts";
import { type CountedStage, joinParts } from "./_join.ts";
import { createDigest } from "./digest.ts";
import { Written } from "./_written.ts";

/** Basis bytes → the parts of a signature. */
export function createSigner(codec: FormatCodec, header: SigHeader, kernel: Kernel): Signer {
  const digest = header.hasDigest ? createDigest(kernel.backend) : undefined;
  return new Signer({ kernel, header, hasShortBlock: codec.hasShortBlock, digest });
}

/** Basis bytes → signature bytes. */
export function createSigStage(
  codec: FormatCodec,
  header: SigHeader,
  kernel: Kernel,
): CountedStage<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, SigStats> {
  const signer = createSigner(codec, header, kernel);
  const { stats } = signer;
  return joinParts(signer, new Written(signer, codec.sig.writer(), stats), stats, () => signer.release());
}
