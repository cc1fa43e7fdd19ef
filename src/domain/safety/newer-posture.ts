/**
 * Which of the postures that reach a trader counts: Hazelcast and the watchdog's own call may bring the same one
 * in any order. The newest wins; a stricter one is late only beside a fresh call, and one from the future proves nothing.
 */
import type { Posture } from "../trading/posture.ts";
import { isStricter } from "./step-posture.ts";

export type ToldPosture = {
  readonly posture: Posture | "UNKNOWN";
  readonly entries: "go" | "stop";
  readonly asOfMs: number;
};

/** `known`: it changes nothing. `later`: not now, but it may still come to count. */
export type PostureVerdict = "take" | "known" | "later";

export type PostureTimes = {
  readonly nowMs: number;
  /** The same posture is noted again after so long. */
  readonly refreshMs: number;
  /** The watchdog called a moment ago: what cannot be read elsewhere says nothing then. */
  readonly isCalled: boolean;
  /** It is such a call itself, which is of now whatever its clock says. */
  readonly isCall: boolean;
};

/** As long as a posture lets entries through. */
const STALE_AFTER_MS = 30_000;
/** What is further ahead of the clock is of another one. */
const AHEAD_MS_MAX = 5_000;

export function judgePosture(
  known: ToldPosture,
  told: ToldPosture,
  { nowMs, refreshMs, isCalled, isCall }: PostureTimes,
): PostureVerdict {
  if (told.posture === "UNKNOWN") return isCalled ? "later" : "take";
  if (known.posture === "UNKNOWN") return isAhead(told, nowMs) && isCalled ? "later" : "take";
  // While the watchdog calls, what is long past is what it said before a resume, or another's.
  const isStale = isCalled && !isCall && STALE_AFTER_MS < nowMs - told.asOfMs;
  if (isTighter(told, known)) return isStale ? "later" : "take";
  if (isAhead(told, nowMs) && isCalled) return "later";
  // A clock was set back since it was told.
  if (isAhead(known, nowMs)) return "take";
  if (told.asOfMs <= known.asOfMs) return "known";
  const isSame = told.posture === known.posture && told.entries === known.entries;
  return isSame && told.asOfMs - known.asOfMs < refreshMs ? "known" : "take";
}

function isTighter(told: ToldPosture, known: ToldPosture): boolean {
  if (told.posture === "UNKNOWN" || known.posture === "UNKNOWN") return false;
  if (told.entries === "stop" && known.entries === "go") return true;
  return isStricter(told.posture, known.posture);
}

function isAhead({ asOfMs }: ToldPosture, nowMs: number): boolean {
  return AHEAD_MS_MAX < asOfMs - nowMs;
}
