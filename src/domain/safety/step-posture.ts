/**
 * Decides the posture: it falls after three consecutive bad readings of a source, or when two sources agree, and
 * rises one step at a time after a stable time. Entries stop at the first bad reading. Invariant: the posture rises
 * only by its stable time or an operator's resume, and no stop is lifted automatically. Durations use the monotonic
 * clock; time in which the watchdog was paused does not count.
 */
import { isoFromMs } from "../time.ts";
import { type Posture, POSTURES } from "../trading/posture.ts";
import { type EquityBase, NO_EQUITY_BASE, withReading } from "./equity-base.ts";
import { opinionsOn } from "./opinions.ts";
import type { PostureRules } from "./posture-rules.ts";
import { type Now, type Opinion, type Readings, type Source, SOURCES } from "./readings.ts";

export type Latch = {
  readonly why: string;
  readonly by: string;
  /** Wall time, as text. */
  readonly at: string;
  /** HIBERNATE closes open positions; any other step leaves them to their exits. */
  readonly posture: Posture;
};

type At = { readonly now: Now; readonly rules: PostureRules };

/** The state on disk. */
export type KeptPosture = {
  readonly posture: Posture;
  readonly latch: Latch | null;
  readonly base: EquityBase;
};

/** Consecutive readings of one source that ask for less risk than the present posture. */
type Row = { readonly count: number; readonly step: Posture; readonly evidence: string };

export type PostureState = KeptPosture & {
  readonly entries: "go" | "stop";
  /** One sentence for each source that asks for less; empty where all is well. */
  readonly reasons: readonly string[];
  readonly opinions: readonly Opinion[];
  readonly rows: Readonly<Partial<Record<Source, Row>>>;
  /** Monotonic times. */
  readonly unknownSinceMs: Readonly<Partial<Record<Source, number>>>;
  readonly heard: readonly Source[];
  readonly startedMs: number;
  readonly steppedMs: number;
  /** Start of the time without a bad reading; null while one is bad. */
  readonly goodSinceMs: number | null;
  /** Start of the time in which every source supports a higher posture; null while one does not. */
  readonly stableSinceMs: number | null;
};

/** The state after a state file was lost or is invalid: nothing is known of stops, nor of what came before. */
export const CAUTIOUS: KeptPosture = { posture: "TURTLE", latch: null, base: NO_EQUITY_BASE };

export function beginPosture(kept: KeptPosture, now: Now): PostureState {
  const at = isoFromMs(now.wallMs);
  // A step that only a stop leads to is treated as a stop, even if its record is lost.
  const found = { why: "it is already stopped", by: "watchdog", at, posture: kept.posture };
  const latch = kept.latch ?? (kept.posture === "HIBERNATE" ? found : null);
  return {
    ...kept,
    latch,
    posture: stricter(kept.posture, latch?.posture ?? "APEX"),
    entries: "stop",
    reasons: ["the watchdog has just started"],
    opinions: [],
    rows: {},
    unknownSinceMs: {},
    heard: [],
    startedMs: now.monotonicMs,
    steppedMs: now.monotonicMs,
    goodSinceMs: null,
    stableSinceMs: null,
  };
}

export function stepPosture(
  before: PostureState,
  { readings, now }: { readonly readings: Readings; readonly now: Now },
  rules: PostureRules,
): PostureState {
  const state = afterPause(before, now, rules);
  const at = { now, rules };
  const { book } = readings;
  const isBelievable = book !== null && book !== "unwanted" && isTimely(book.ageMs, rules);
  // Judged with the bases known before this reading.
  const heardNow = opinionsOn(readings, state.base, rules);
  const { wallMs } = now;
  const { wildShare } = rules;
  const base = isBelievable ? withReading(state.base, book, { wallMs, wildShare }) : state.base;
  const heard = SOURCES.filter(
    (source) =>
      state.heard.includes(source) ||
      heardNow.some((one) => one.source === source && !one.isUnknown),
  );
  const unknownSinceMs = sinceWhenUnknown(state, heardNow, at);
  const opinions = heardNow
    .filter((one) => !isNotYetDue(one, { state, heard }, at))
    .map((one) => byDuration(one, unknownSinceMs[one.source], at));
  const rows = rowsOf(state, opinions);
  const fallen = fallenTo(state.posture, opinions, rows);
  // A stop for a loss is one of its own, also where an operator has stopped entries before.
  const latch = latchOf({ ...state, opinions }, fallen, now) ?? state.latch;
  const lowered = latch === null ? fallen : stricter(fallen, latch.posture);
  return settle({ ...state, base, heard, unknownSinceMs, opinions, rows, latch }, lowered, at);
}

/** An operator's stop; it holds until an operator resumes. */
export function haltPosture(
  state: PostureState,
  of: Pick<Latch, "why" | "by" | "posture">,
  now: Now,
): PostureState {
  const latch: Latch = { ...of, at: isoFromMs(now.wallMs) };
  const posture = stricter(state.posture, stricter(latch.posture, state.latch?.posture ?? "APEX"));
  return {
    ...state,
    latch: { ...latch, posture },
    posture,
    entries: "stop",
    reasons: [latchWords(latch)],
    goodSinceMs: null,
    stableSinceMs: null,
  };
}

/** Losses are measured from here on; the posture rises from TURTLE by its stable time. */
export function resumePosture(state: PostureState): PostureState {
  const { base } = state;
  return {
    ...state,
    latch: null,
    posture: state.posture === "HIBERNATE" ? "TURTLE" : state.posture,
    base: { ...NO_EQUITY_BASE, recent: base.recent.slice(-1), evidence: base.evidence },
    rows: {},
    goodSinceMs: null,
    stableSinceMs: null,
    entries: "stop",
    reasons: ["resumed: entries are allowed again once all is well"],
  };
}

export function keptPostureOf({ posture, latch, base }: PostureState): KeptPosture {
  return { posture, latch, base };
}

export function isStricter(one: Posture, other: Posture): boolean {
  return POSTURES.indexOf(other) < POSTURES.indexOf(one);
}

export function stricter(one: Posture, other: Posture): Posture {
  return isStricter(other, one) ? other : one;
}

function milder(one: Posture, other: Posture): Posture {
  return isStricter(other, one) ? one : other;
}

function oneUp(posture: Posture): Posture {
  return POSTURES[Math.max(0, POSTURES.indexOf(posture) - 1)] ?? posture;
}

export function latchWords({ why, by, at }: Latch): string {
  return `stopped by ${by} at ${at}: ${why}; lasts until 'dolphin safety resume'`;
}

/** A duration that spans a pause is reset, whether it counted for or against a change. */
function afterPause(state: PostureState, now: Now, { pauseMs }: PostureRules): PostureState {
  const gapMs = now.monotonicMs - state.steppedMs;
  if (gapMs <= pauseMs) return { ...state, steppedMs: now.monotonicMs };
  const unknownSinceMs = Object.fromEntries(
    Object.entries(state.unknownSinceMs).map(([source, sinceMs]) => [source, sinceMs + gapMs]),
  );
  return {
    ...state,
    steppedMs: now.monotonicMs,
    startedMs: state.startedMs + gapMs,
    rows: {},
    unknownSinceMs,
    goodSinceMs: null,
    stableSinceMs: null,
  };
}

function isTimely(ageMs: number, { bookAgeMsMax, aheadMsMax }: PostureRules): boolean {
  return ageMs <= bookAgeMsMax && -aheadMsMax <= ageMs;
}

/** A source not heard in this life yet is waited for: entries stop, and the posture does not fall. */
function sinceWhenUnknown(state: PostureState, opinions: readonly Opinion[], { now, rules }: At) {
  const fromMs = Math.max(now.monotonicMs, state.startedMs + rules.startGraceMs);
  const unknown = opinions.filter((one) => one.isUnknown);
  return Object.fromEntries(
    unknown.map(({ source }) => [
      source,
      state.unknownSinceMs[source] ?? (state.heard.includes(source) ? now.monotonicMs : fromMs),
    ]),
  ) as PostureState["unknownSinceMs"];
}

/** Health reports some seconds after a start. A book that was not heard makes no entries, so it is never due. */
function isNotYetDue(
  { source, isUnknown }: Opinion,
  { state, heard }: { readonly state: PostureState; readonly heard: readonly Source[] },
  { now, rules }: At,
): boolean {
  const isStarting = now.monotonicMs - state.startedMs < rules.startGraceMs;
  return isUnknown && isStarting && source === "health" && !heard.includes(source);
}

/** The longer a source is unknown, the less it supports. */
function byDuration(opinion: Opinion, sinceMs: number | undefined, { now, rules }: At): Opinion {
  if (!opinion.isUnknown) return opinion;
  const lastedMs = now.monotonicMs - (sinceMs ?? now.monotonicMs);
  const alone =
    lastedMs < rules.unknownStalkerMs
      ? "APEX"
      : lastedMs < rules.unknownTurtleMs
        ? "STALKER"
        : "TURTLE";
  const wish = opinion.wish === "HIBERNATE" ? "HIBERNATE" : alone;
  return { ...opinion, alone, wish };
}

function rowsOf({ posture, rows }: PostureState, opinions: readonly Opinion[]) {
  const next: Partial<Record<Source, Row>> = {};
  for (const { source, alone, evidence, isUnknown } of opinions) {
    const found = rows[source];
    // A row that has had its effect does not count again for a lower step.
    const row = found !== undefined && isStricter(found.step, posture) ? found : undefined;
    if (!isStricter(alone, posture)) {
      // A missed reading neither confirms nor contradicts the earlier ones.
      if (isUnknown && row !== undefined) next[source] = row;
      continue;
    }
    const isSame = row !== undefined && !isUnknown && row.evidence === evidence;
    next[source] = isSame
      ? row
      : {
          count: (row?.count ?? 0) + 1,
          // The lowest step that every one of the readings asks for.
          step: row === undefined ? alone : milder(row.step, alone),
          evidence,
        };
  }
  return next;
}

function fallenTo(
  posture: Posture,
  opinions: readonly Opinion[],
  rows: PostureState["rows"],
): Posture {
  let to = posture;
  for (const { source, needs, alone } of opinions) {
    const row = isStricter(alone, posture) ? rows[source] : undefined;
    if (row !== undefined && needs <= row.count) to = stricter(to, row.step);
  }
  // Two sources that agree need no second reading: the lowest step that both ask for.
  const [, second] = opinions
    .filter(({ stops, source }) => stops !== "no" || source === "forewarner")
    .map(({ wish }) => POSTURES.indexOf(wish))
    .toSorted((a, b) => b - a);
  return stricter(to, POSTURES[second ?? 0] ?? to);
}

/** Null: nothing falls to a stop now. */
function latchOf(
  { posture, opinions, latch }: Pick<PostureState, "posture" | "opinions" | "latch">,
  fallen: Posture,
  now: Now,
): Latch | null {
  if (fallen !== "HIBERNATE" || posture === "HIBERNATE") return null;
  const why = opinions
    .filter(({ wish, alone }) => wish === "HIBERNATE" || alone === "HIBERNATE")
    .map(({ says }) => says);
  if (latch !== null) why.push(`${latch.by} had stopped it before: ${latch.why}`);
  const at = isoFromMs(now.wallMs);
  return { why: why.join("; "), by: "watchdog", at, posture: "HIBERNATE" };
}

function settle(state: PostureState, lowered: Posture, { now, rules }: At): PostureState {
  const { opinions, latch } = state;
  const nowMs = now.monotonicMs;
  const stopping = opinions.filter(
    ({ stops, alone }) =>
      stops === "yes" || (stops === "until_there" && isStricter(alone, lowered)),
  );
  const isWell = stopping.length === 0;
  const goodSinceMs = isWell ? (state.goodSinceMs ?? nowMs) : null;
  const ceiling = opinions.reduce<Posture>((low, { alone }) => stricter(low, alone), "APEX");
  const mayRise = isWell && latch === null && isStricter(lowered, ceiling);
  const hasFallen = lowered !== state.posture;
  const sinceMs = mayRise ? (hasFallen ? nowMs : (state.stableSinceMs ?? nowMs)) : null;
  const isRising = sinceMs !== null && rules.stableMs <= nowMs - sinceMs;
  const posture = isRising ? oneUp(lowered) : lowered;
  const areGo =
    latch === null &&
    posture !== "HIBERNATE" &&
    goodSinceMs !== null &&
    rules.entriesAfterMs <= nowMs - goodSinceMs;
  const opinionsSaid = opinions.filter(({ says }) => says !== "").map(({ says }) => says);
  const reasons = latch === null ? opinionsSaid : [latchWords(latch), ...opinionsSaid];
  const waits =
    isWell && !areGo && latch === null ? ["entries wait until all is well for a while"] : [];
  return {
    ...state,
    posture,
    entries: areGo ? "go" : "stop",
    reasons: [...reasons, ...waits],
    goodSinceMs,
    // The next step up has its own stable time.
    stableSinceMs: isRising ? nowMs : sinceMs,
  };
}
