/**
 * One Temporal schedule per indicator: created where it is missing, updated to its declaration, and paused where it
 * is no longer declared. Invariant: an operator's pause stays.
 */
import {
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from "@temporalio/client";
import { TypedSearchAttributes } from "@temporalio/common";
import type { DeclarationChange } from "../../domain/supervision/declared/declaration.ts";
import {
  INDICATOR_ID_PREFIX,
  type IndicatorSchedule,
} from "../../domain/supervision/declared/indicator-schedules.ts";
import { INDICATORS_LAYER } from "../../domain/supervision/declared/schedules.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { indicatorIdOf, REFRESH_INDICATOR, taskQueueOf } from "../../workflows/names.ts";
import type { TemporalClient } from "../temporal-client.ts";
import {
  type BroughtSchedule,
  isEnabled,
  LAYER,
  NOT_ENABLED,
  pauseOf,
} from "../temporal-schedules.ts";

/** The minimum that Temporal accepts: a run due so recently is late rather than missed. */
const CATCH_UP_MIN_MS = 10_000;

/** Idempotent. */
export async function bringIndicatorSchedule(
  { client }: TemporalClient,
  declared: IndicatorSchedule,
): Promise<BroughtSchedule> {
  const options = optionsOf(declared);
  try {
    await client.schedule.create(options);
    return { kind: "created" };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = client.schedule.getHandle(options.scheduleId);
  const found = await handle.describe();
  const changes = changesOf(found, declared);
  if (changes.length === 0) {
    const { paused, note } = found.state;
    return { kind: "unchanged", note: paused ? (note ?? "no reason is given") : null };
  }
  await handle.update((stands) => ({
    ...stands,
    spec: options.spec,
    policies: { ...stands.policies, catchupWindow: catchUpMs(declared) },
    state: isEnabled(stands) === declared.enabled ? stands.state : pauseOf(declared),
  }));
  return { kind: "changed", changes };
}

/** Pauses schedules of indicators that are no longer declared; returns the ids that were running. */
export async function pauseOtherIndicators(
  { client }: TemporalClient,
  names: readonly string[],
): Promise<readonly string[]> {
  const declared = new Set(names.map(indicatorIdOf));
  const paused: string[] = [];
  for await (const { scheduleId, state } of client.schedule.list()) {
    const isOther = scheduleId.startsWith(INDICATOR_ID_PREFIX) && !declared.has(scheduleId);
    if (!isOther || state.paused) continue;
    await client.schedule.getHandle(scheduleId).pause(NOT_ENABLED);
    paused.push(scheduleId);
  }
  return paused;
}

function optionsOf(declared: IndicatorSchedule) {
  const { name, everyMs, offsetMs, jitterMs } = declared;
  return {
    scheduleId: indicatorIdOf(name),
    spec: { intervals: [{ every: everyMs, offset: offsetMs }], jitter: jitterMs },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchUpMs(declared) },
    state: pauseOf(declared),
    action: {
      type: "startWorkflow",
      workflowType: REFRESH_INDICATOR,
      workflowId: indicatorIdOf(name),
      taskQueue: taskQueueOf(INDICATORS_LAYER),
      args: [{ name }],
      typedSearchAttributes: new TypedSearchAttributes([{ key: LAYER, value: INDICATORS_LAYER }]),
      staticSummary: `a reading of ${name}`,
    },
  } satisfies ScheduleOptions;
}

function catchUpMs({ catchUpMs: ms }: IndicatorSchedule): number {
  return Math.max(ms ?? 0, CATCH_UP_MIN_MS);
}

function changesOf(
  found: ScheduleDescription,
  declared: IndicatorSchedule,
): readonly DeclarationChange[] {
  const [interval] = found.spec.intervals ?? [];
  const pairs = [
    ["enabled", isEnabled(found), declared.enabled],
    ["every_s", inS(interval?.every), inS(declared.everyMs)],
    ["offset_s", inS(interval?.offset), inS(declared.offsetMs)],
    ["jitter_s", inS(found.spec.jitter), inS(declared.jitterMs)],
    ["catchup_s", inS(found.policies.catchupWindow), inS(catchUpMs(declared))],
  ] as const;
  return pairs.flatMap(([what, from, to]) =>
    from === to ? [] : [{ what, from: String(from), to: String(to) }],
  );
}

function inS(ms: number | undefined): number {
  return (ms ?? 0) / MS_PER_SECOND;
}
