/** All cases of the conformance server. */
import { browsers } from "./browsers.ts";
import type { HostCase } from "./case.ts";
import { changes } from "./changes.ts";
import { doubtfulBytes } from "./doubtful_bytes.ts";
import { handlers } from "./handlers.ts";
import { otherRequests } from "./other_requests.ts";
import { outages } from "./outages.ts";
import { redirects } from "./redirects.ts";
import { severalRanges } from "./several_ranges.ts";
import { signatures } from "./signatures.ts";
import { singleRange } from "./single_range.ts";

/** In the order of the table. */
export const allCases: readonly HostCase[] = [
  ...severalRanges,
  ...singleRange,
  ...otherRequests,
  ...changes,
  ...signatures,
  ...redirects,
  ...outages,
  ...doubtfulBytes,
  ...handlers,
  ...browsers,
];
