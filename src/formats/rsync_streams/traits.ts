import type { FormatTraits } from "../interface.ts";
import { DELTA_MAGIC, SIG_MAGIC } from "./_numbers.ts";

/** What the format says of itself. */
export const rsyncStreamsTraits: FormatTraits<"rsync-streams"> = {
  name: "rsync-streams",
  isSelfDescribing: true,
  hasDigest: true,
  hasShortBlock: true,
  hasRdiffExact: false,
  sigMagic: SIG_MAGIC,
  deltaMagic: DELTA_MAGIC,
};
