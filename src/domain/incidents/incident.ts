/**
 * The state of the incident engine, as plain JSON. Durations are measured by the engine's own clock, which counts
 * only time that was watched: it stops while the process does not run, and setting the machine's clock does not move
 * it.
 */
import { type BurnState, NOTHING_BURNT } from "./burn-rate.ts";
import type { IncidentState, Severity } from "./notification.ts";
import { isoFromMs } from "../time.ts";

export type StoryLine = { readonly atMs: number; readonly says: string };

/** Why nobody is notified: it follows from a cause, is muted, is past, may not hold, may have a cause, or flaps. */
export type WithheldCode =
  "excused" | "muted" | "over" | "unconfirmed" | "cause_awaited" | "flapping";

export type Incident = {
  /** Rule, subject and opening time: the same from firing to resolved. */
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly teams: readonly string[];
  readonly state: IncidentState;
  readonly summary: string;
  readonly cause: string | null;
  /** Wall-clock time. */
  readonly startedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly acknowledged: {
    readonly by: string;
    readonly via: string;
    readonly atMs: number;
  } | null;
  /** Engine-clock time. */
  readonly openedMs: number;
  /** Whether its condition held at the last evaluation; null: unknown. */
  readonly holds: boolean | null;
  /** Number of the last notification. */
  readonly number: number;
  /** Channels that were notified of it: they also get its later notifications. */
  readonly told: readonly string[];
  readonly firstToldMs: number | null;
  readonly lastToldMs: number | null;
  /** Escalation steps taken. */
  readonly escalated: number;
  /** The cause that excuses it now, and when the last one ended; null: none. */
  readonly excuse: string | null;
  readonly excuseEndedMs: number | null;
  /** Why nobody is notified now: an excuse, a mute, flapping; null: nothing holds it back. */
  readonly held: string | null;
  /** The same as a code, and whether flapping ever was the reason; absent in incidents of an older release. */
  readonly heldCode?: WithheldCode | null;
  readonly wasDamped?: boolean;
  /** It recurred soon after it was resolved: it stays open until it has been quiet for long. */
  readonly isFlapping: boolean;
  readonly story: readonly StoryLine[];
};

/** The state in a list: `quiet` where its condition no longer holds but it is not resolved yet. */
export function shownState({ state, holds }: Pick<Incident, "state" | "holds">): string {
  return state !== "resolved" && holds === false ? "quiet" : state;
}

/** What is remembered about a rule and a subject; times by the engine's clock. */
export type Track = {
  readonly rule: string;
  readonly subject: string;
  readonly holds: boolean | null;
  /** Null: the condition does not hold. */
  readonly holdsSinceMs: number | null;
  readonly clearSinceMs: number | null;
  readonly unknownSinceMs: number | null;
  /** Its open incident. */
  readonly incident: string | null;
  /** When a channel was last notified of one of its incidents. */
  readonly toldMs: number | null;
  /** Times of the openings within the last hour. */
  readonly openings: readonly number[];
  /** Opening time of the last incident, by the wall clock: keeps ids unique. */
  readonly lastOpenedAtMs: number;
};

export type Mute = {
  readonly id: string;
  readonly rule: string;
  /** Null: all subjects of the rule. */
  readonly subject: string | null;
  readonly by: string;
  readonly reason: string;
  /** It ends by the wall clock or by the engine's clock, whichever comes first. */
  readonly untilAtMs: number;
  readonly untilMs: number;
};

/** A command that took effect; asked for again, it is answered alike and done no more. */
export type DoneCommand = { readonly request: string; readonly says: string };

export type EngineState = {
  readonly version: 1;
  readonly clockMs: number;
  /** Wall-clock time of the last step; null: before the first. */
  readonly lastAtMs: number | null;
  /** When this process began or resumed, by the engine's clock. */
  readonly startedMs: number;
  /** By `rule/subject`. */
  readonly tracks: Readonly<Record<string, Track>>;
  /** The open ones, by id. */
  readonly incidents: Readonly<Record<string, Incident>>;
  readonly mutes: readonly Mute[];
  /** The last ones, oldest first; left out by an older program. */
  readonly done?: readonly DoneCommand[];
  readonly burn: BurnState;
  /** Conditions that hold but got no incident, because there were too many open ones. */
  readonly untracked: number;
};

/** A longer time between two steps does not count: nobody watched. */
export const STEP_MS_MAX = 5_000;
/** After a longer pause causes and symptoms are found in any order, as after a start. */
export const SLEPT_MS = 30_000;
export const OPEN_MAX = 2_000;
const STORY_LINES_MAX = 50;

export function initialEngine(): EngineState {
  return {
    version: 1,
    clockMs: 0,
    lastAtMs: null,
    startedMs: 0,
    tracks: {},
    incidents: {},
    mutes: [],
    burn: NOTHING_BURNT,
    untracked: 0,
  };
}

export function trackKey(rule: string, subject: string): string {
  return `${rule}/${subject}`;
}

/** The state for a process that has just begun, from what another one left. */
export function restarted(state: EngineState): EngineState {
  return { ...state, startedMs: state.clockMs };
}

export function withLine(incident: Incident, atMs: number, says: string): Incident {
  const story = [...incident.story, { atMs, says }];
  if (story.length <= STORY_LINES_MAX) return { ...incident, story };
  // The beginning says more than the middle.
  const kept = [...story.slice(0, 5), ...story.slice(5 - STORY_LINES_MAX)];
  return { ...incident, story: kept };
}

/** Sortable, and usable in a command: `stale_data-scan-20260325T101500123Z`. */
export function incidentId(rule: string, subject: string, openedAtMs: number): string {
  const time = isoFromMs(openedAtMs).slice(0, "2026-03-25T10:15:00.123".length);
  return `${rule}-${subject}-${time.replaceAll(/[-:.]/g, "")}Z`;
}
