/**
 * Which of the postures that reach a trader counts: Hazelcast and the watchdog's own call may bring the same one in
 * any order. The newest wins. Beside a fresh call an old posture is stale even if it is stricter, and one from the
 * future proves nothing; and Hazelcast, which may have a second writer, permits no more than the call.
 */
import type { Posture } from "../trading/posture.ts";
import { isStricter } from "./step-posture.ts";

export type PostureReport = {
  readonly posture: Posture | "UNKNOWN";
  readonly entries: "go" | "stop";
  readonly asOfMs: number;
};

/** `known`: no change. `later`: not now, but it may count later. */
export type PostureVerdict = "take" | "known" | "later";

export type PostureTimes = {
  readonly nowMs: number;
  /** The same posture is noted again after this time. */
  readonly refreshMs: number;
  /** The watchdog called a moment ago: a value that can't be read in Hazelcast then means nothing. */
  readonly isCalled: boolean;
  /** It is such a call itself, and therefore current whatever its clock says. */
  readonly isCall: boolean;
};

/** Age up to which a posture allows entries. */
const STALE_AFTER_MS = 30_000;
/** A time further ahead comes from a wrong clock. */
const AHEAD_MS_MAX = 5_000;

export function judgePosture(
  known: PostureReport,
  received: PostureReport,
  { nowMs, refreshMs, isCalled, isCall }: PostureTimes,
): PostureVerdict {
  if (received.posture === "UNKNOWN") return isCalled ? "later" : "take";
  if (known.posture === "UNKNOWN") return isAhead(received, nowMs) && isCalled ? "later" : "take";
  // While the watchdog calls, an old value is from before a resume, or from another watchdog.
  const isStale = isCalled && !isCall && STALE_AFTER_MS < nowMs - received.asOfMs;
  if (isTighter(received, known)) return isStale ? "later" : "take";
  if (isAhead(received, nowMs) && isCalled) return "later";
  // The clock was set back since it was received.
  if (isAhead(known, nowMs)) return "take";
  if (received.asOfMs <= known.asOfMs) return "known";
  // The watchdog of another stack on this Hazelcast, whose book was not stopped: only our own permits more.
  if (isCalled && !isCall && isTighter(known, received)) return "later";
  const isSame = received.posture === known.posture && received.entries === known.entries;
  return isSame && received.asOfMs - known.asOfMs < refreshMs ? "known" : "take";
}

function isTighter(received: PostureReport, known: PostureReport): boolean {
  if (received.posture === "UNKNOWN" || known.posture === "UNKNOWN") return false;
  if (received.entries === "stop" && known.entries === "go") return true;
  return isStricter(received.posture, known.posture);
}

function isAhead({ asOfMs }: PostureReport, nowMs: number): boolean {
  return AHEAD_MS_MAX < asOfMs - nowMs;
}
