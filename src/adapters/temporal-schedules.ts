/**
 * Our Temporal schedules: created where they are missing, and updated to their declarations. Invariant: anything that
 * is not declared, such as an operator's pause, stays as it is.
 */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from "@temporalio/client";
import type { ScheduleDescription, ScheduleOptions } from "@temporalio/client";
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from "@temporalio/common";
import type { DeclarationChange } from "../domain/supervision/declared/declaration.ts";
import type { ScheduleName, ScheduleSpec } from "../domain/supervision/declared/schedules.ts";
import { MS_PER_HOUR, pad } from "../domain/time.ts";
import {
  BACKTEST,
  COMPACT_ARCHIVE,
  FOREWARN,
  INGEST_SCANS,
  PAPER_TRADE,
  taskQueueOf,
} from "../workflows/names.ts";
import type { TemporalClient } from "./temporal-client.ts";

export type BroughtSchedule =
  | { readonly kind: "created" }
  | { readonly kind: "changed"; readonly changes: readonly DeclarationChange[] }
  /** The note says why it is paused, where somebody has paused it. */
  | { readonly kind: "unchanged"; readonly note: string | null };

export const LAYER = defineSearchAttributeKey("DolphinLayer", SearchAttributeType.KEYWORD);
/** This note distinguishes our own pause from an operator's. */
export const NOT_ENABLED = "not enabled in dolphin.yaml";

const WORK: Readonly<
  Record<
    ScheduleName,
    {
      readonly workflowType: string;
      readonly comment: string;
      readonly overlap: ScheduleOverlapPolicy;
      readonly input: object;
      readonly summary: string;
    }
  >
> = {
  "compact-archive": {
    workflowType: COMPACT_ARCHIVE,
    comment: "daily, after the end of the UTC day",
    overlap: ScheduleOverlapPolicy.SKIP,
    input: {},
    summary: "compacts each finished day's scan files into one file",
  },
  "archive-audit": {
    workflowType: INGEST_SCANS,
    comment: "daily, for the previous UTC day",
    overlap: ScheduleOverlapPolicy.SKIP,
    input: {},
    summary: "checks what was pushed of the previous day; the bridge pushes the rest",
  },
  "paper-trade-daily": {
    workflowType: PAPER_TRADE,
    comment: "daily, for the new UTC day",
    // The previous day is settled and replayed first; its run must not cancel the next one.
    overlap: ScheduleOverlapPolicy.BUFFER_ONE,
    input: {},
    summary: "a day of paper trading, settled and replayed",
  },
  "backtest-daily": {
    workflowType: BACKTEST,
    comment: "daily, after the compaction",
    overlap: ScheduleOverlapPolicy.SKIP,
    input: { last_days: 30 },
    summary: "the book's strategy over the last 30 days",
  },
  "mc-forewarner": {
    workflowType: FOREWARN,
    comment: "daily, for the new UTC day",
    overlap: ScheduleOverlapPolicy.SKIP,
    input: {},
    summary: "probability that the book reaches one of its loss limits within a day",
  },
};

/** Idempotent. */
export async function bringSchedule(
  { client }: TemporalClient,
  spec: ScheduleSpec,
): Promise<BroughtSchedule> {
  try {
    await client.schedule.create(optionsOf(spec));
    return { kind: "created" };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = client.schedule.getHandle(spec.name);
  const found = await handle.describe();
  const changes = changesOf(found, spec);
  if (changes.length === 0) {
    const { paused, note } = found.state;
    return { kind: "unchanged", note: paused ? (note ?? "no reason is given") : null };
  }
  await handle.update((stands) => ({
    ...stands,
    spec: atOf(stands) === spec.at ? stands.spec : { calendars: [calendarOf(spec)] },
    policies: { ...stands.policies, catchupWindow: spec.catchup_h * MS_PER_HOUR },
    state: isEnabled(stands) === spec.enabled ? stands.state : pauseOf(spec),
  }));
  return { kind: "changed", changes };
}

function optionsOf(spec: ScheduleSpec): ScheduleOptions {
  const { workflowType, overlap, input, summary } = WORK[spec.name];
  return {
    scheduleId: spec.name,
    spec: { calendars: [calendarOf(spec)] },
    policies: { overlap, catchupWindow: spec.catchup_h * MS_PER_HOUR },
    state: pauseOf(spec),
    action: {
      type: "startWorkflow",
      workflowType,
      workflowId: spec.name,
      taskQueue: taskQueueOf(spec.layer),
      args: [input],
      typedSearchAttributes: new TypedSearchAttributes([{ key: LAYER, value: spec.layer }]),
      staticSummary: summary,
    },
  };
}

function changesOf(found: ScheduleDescription, spec: ScheduleSpec): readonly DeclarationChange[] {
  const pairs = [
    ["enabled", isEnabled(found), spec.enabled],
    ["at", atOf(found), spec.at],
    ["catchup_h", found.policies.catchupWindow / MS_PER_HOUR, spec.catchup_h],
  ] as const;
  return pairs.flatMap(([what, from, to]) =>
    from === to ? [] : [{ what, from: String(from), to: String(to) }],
  );
}

/** A pause that is not ours is an operator's, and independent of the declaration. */
export function isEnabled({ state }: ScheduleDescription): boolean {
  return !(state.paused && state.note === NOT_ENABLED);
}

export function pauseOf({ enabled }: { readonly enabled: boolean }): {
  readonly paused: boolean;
  readonly note: string;
} {
  return { paused: !enabled, note: enabled ? "" : NOT_ENABLED };
}

/** Its time of day; for a schedule with times set by somebody else, a text that says so. */
function atOf({ spec }: ScheduleDescription): string {
  const [calendar, ...others] = spec.calendars ?? [];
  const [hour, ...hours] = calendar?.hour ?? [];
  const [minute, ...minutes] = calendar?.minute ?? [];
  const isOne = others.length + hours.length + minutes.length + (spec.intervals?.length ?? 0) === 0;
  if (!isOne || hour?.start !== hour?.end || minute?.start !== minute?.end) return "other times";
  return `${pad(hour?.start ?? 0, 2)}:${pad(minute?.start ?? 0, 2)}`;
}

function calendarOf({ name, at }: ScheduleSpec) {
  const [hour = 0, minute = 0] = at.split(":").map(Number);
  return { hour, minute, comment: WORK[name].comment };
}
