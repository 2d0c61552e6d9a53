import type { FormatTraits } from "../interface.ts";

/** What the format says of itself. */
export const luapowerTraits: FormatTraits<"luapower"> = {
  name: "luapower",
  isSelfDescribing: false,
  hasDigest: false,
  hasShortBlock: false,
  hasRdiffExact: false,
};
