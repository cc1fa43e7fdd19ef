/**
 * What the engine of incidents knows, as plain JSON. Durations are told by a clock of its own, which counts only
 * time that was watched: it stands still while the process does, and no setting of the machine's clock moves it.
 */
import { type BurnState, NOTHING_BURNT } from "./burn-rate.ts";
import type { IncidentState, Severity } from "./notification.ts";
import { isoFromMs } from "../time.ts";

export type StoryLine = { readonly atMs: number; readonly says: string };

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
  /** By the wall's clock. */
  readonly startedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly acknowledged: {
    readonly by: string;
    readonly via: string;
    readonly atMs: number;
  } | null;
  /** By the engine's clock. */
  readonly openedMs: number;
  /** Whether its condition held at the last look; null: nobody could tell. */
  readonly holds: boolean | null;
  /** Of the last notification. */
  readonly number: number;
  /** Channels that were told of it: those are told what becomes of it. */
  readonly told: readonly string[];
  readonly firstToldMs: number | null;
  readonly lastToldMs: number | null;
  /** Steps of escalation that were taken. */
  readonly escalated: number;
  /** The cause that excuses it now, and when the last one ended; null: none. */
  readonly excuse: string | null;
  readonly excuseEndedMs: number | null;
  /** Why nobody is told now: an excuse, a mute, flapping; null: nothing keeps it. */
  readonly held: string | null;
  /** It came again soon after it was resolved: it stays open until it has been quiet for long. */
  readonly isFlapping: boolean;
  readonly story: readonly StoryLine[];
};

/** As a list shows it: `quiet` where its condition does not hold any more, and it is not resolved yet. */
export function shownState({ state, holds }: Pick<Incident, "state" | "holds">): string {
  return state !== "resolved" && holds === false ? "quiet" : state;
}

/** Of a rule and a subject of which something is remembered; times by the engine's clock. */
export type Track = {
  readonly rule: string;
  readonly subject: string;
  readonly holds: boolean | null;
  /** Null: it does not. */
  readonly holdsSinceMs: number | null;
  readonly clearSinceMs: number | null;
  readonly unknownSinceMs: number | null;
  /** Its open incident. */
  readonly incident: string | null;
  /** When a channel was last told of one of its incidents. */
  readonly toldMs: number | null;
  /** When incidents of it were opened within the last hour. */
  readonly openings: readonly number[];
  /** Of the last incident, by the wall's clock: no two have one id. */
  readonly lastOpenedAtMs: number;
};

export type Mute = {
  readonly id: string;
  readonly rule: string;
  /** Null: all of the rule. */
  readonly subject: string | null;
  readonly by: string;
  readonly reason: string;
  /** It ends by whichever comes first: the wall's clock or the engine's. */
  readonly untilAtMs: number;
  readonly untilMs: number;
};

/** A command that took effect; asked for again, it is answered alike and done no more. */
export type DoneCommand = { readonly request: string; readonly says: string };

export type EngineState = {
  readonly version: 1;
  readonly clockMs: number;
  /** The wall's clock at the last step; null: before the first. */
  readonly lastAtMs: number | null;
  /** When this process began, or woke up, by the engine's clock. */
  readonly startedMs: number;
  /** By `rule/subject`. */
  readonly tracks: Readonly<Record<string, Track>>;
  /** The open ones, by id. */
  readonly incidents: Readonly<Record<string, Incident>>;
  readonly mutes: readonly Mute[];
  /** The last ones, oldest first; left out by an older program. */
  readonly done?: readonly DoneCommand[];
  readonly burn: BurnState;
  /** Conditions that hold beyond the bound of open incidents: none was opened for them. */
  readonly untracked: number;
};

/** What is not seen for longer between two steps is not counted: nobody watched. */
export const STEP_MS_MAX = 5_000;
/** Who slept for longer finds causes and symptoms in any order, as one that has just begun. */
export const SLEPT_MS = 30_000;
export const OPEN_MAX = 2_000;
const STORY_LINES_MAX = 50;

export function initialState(): EngineState {
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

/** Of a process that has just begun with what another one left. */
export function restarted(state: EngineState): EngineState {
  return { ...state, startedMs: state.clockMs };
}

export function withLine(incident: Incident, atMs: number, says: string): Incident {
  const story = [...incident.story, { atMs, says }];
  if (story.length <= STORY_LINES_MAX) return { ...incident, story };
  // How it began says more than what came in the middle.
  const kept = [...story.slice(0, 5), ...story.slice(5 - STORY_LINES_MAX)];
  return { ...incident, story: kept };
}

/** Sortable, and readable in a command: `stale_data-scan-20260325T101500123Z`. */
export function incidentId(rule: string, subject: string, openedAtMs: number): string {
  const time = isoFromMs(openedAtMs).slice(0, "2026-03-25T10:15:00.123".length);
  return `${rule}-${subject}-${time.replaceAll(/[-:.]/g, "")}Z`;
}
