/**
 * Every fault that we own is repaired within its bound, counted from when it could be seen and repaired: `Repairs`
 * extends that by outages, bad releases, an operator's stop, another fault, and a clock that is set back.
 */
import type { Outcome, Repair } from "../recovery/outcome.ts";

/**
 * Until a blind bridge counts as stuck (`BLIND_S` of the verdict, 300 s), and two of its keeper's checks (60 s). Then
 * the budget: at worst three restarts were made just before, and the next is allowed when their window of 600 s is
 * over; a living process that is sick waits for that, and so does a dead one (FATAL). Then 60 s for a check, the longest
 * delay of a restart (20 s) and the start. A clock that is set back begins the window again, once.
 */
const SEEN_S = 300 + 60 + 600 + 60;
/**
 * What its keeper does not see waits for metaHealth: for its longest back-off (`backOffMaxMs`), and where the fault has
 * come and gone before for the latch (`flapWindowMs`), which holds until it has stood for half an hour.
 */
const UNSEEN_S = 3_600 + 1_800 + SEEN_S;

export function checkRepairedInTime({ repairs, wrong }: Outcome): string[] {
  const late = repairs.flatMap((repair) => {
    const { service, truth, fromS, toS } = repair;
    const boundS = boundOf(repair);
    if (toS !== null && toS - fromS <= boundS) return [];
    const took = toS === null ? "never" : `after ${toS - fromS} s`;
    return [`${service}, ${truth} from ${fromS} s on, was mended ${took} (bound ${boundS} s)`];
  });
  return [...late, ...wrong.map((what) => `at the end ${what}`)];
}

export function boundOf({ isUnseen }: Pick<Repair, "isUnseen">): number {
  return isUnseen ? UNSEEN_S : SEEN_S;
}
