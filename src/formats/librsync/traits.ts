import type { FormatTraits } from "../interface.ts";
import { DELTA_MAGIC } from "./delta.ts";
import { SIG_MAGIC } from "./sig.ts";

/** What the format says of itself. */
export const librsyncTraits: FormatTraits<"librsync"> = {
  name: "librsync",
  isSelfDescribing: true,
  hasDigest: false,
  hasShortBlock: true,
  hasRdiffExact: true,
  sigMagic: SIG_MAGIC,
  deltaMagic: DELTA_MAGIC,
};
