/**
 * Compacts each finished day, one after the other. A failed day does not stop the next ones; the run then fails at
 * its end, so that its schedule shows it.
 */
import {
  ActivityCancellationType,
  ApplicationFailure,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import { ActivityFailure } from "@temporalio/common";
import type { ArchiveActivities } from "../../activities/archive.ts";
import { days as dayList, invalidInput, openInput } from "../input.ts";
import type { CompactArchiveInput, CompactArchiveResult } from "../messages/archive.ts";
import { LAYER, STATUS } from "../publisher.ts";
import { heedCancel } from "../roll-over.ts";

const PROBLEMS_MAX = 100;
const NONE: CompactArchiveResult = { written: 0, unchanged: 0, empty: 0, rows: 0, problems: [] };

const { describeCompaction } = proxyActivities<ArchiveActivities>({
  startToCloseTimeout: "5 minutes",
  retry: { maximumInterval: "1 minute", maximumAttempts: 10 },
  summary: "which days wait",
});

const { compactArchiveDay } = proxyActivities<ArchiveActivities>({
  startToCloseTimeout: "6 hours",
  heartbeatTimeout: "1 minute",
  retry: { initialInterval: "10 seconds", maximumInterval: "5 minutes", maximumAttempts: 5 },
  // A cancelled run must not end before nothing is written any more.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export async function compactArchive(raw?: unknown): Promise<CompactArchiveResult> {
  const input = readInput(raw);
  const found = await describeCompaction(input.days ?? null);
  const note = (status: string): void => {
    if (!found.hasSearchAttributes) return;
    upsertSearchAttributes([
      { key: LAYER, value: "batch" },
      { key: STATUS, value: status },
    ]);
  };
  note("Running");
  let result = input.carried ?? NONE;
  for (const [at, day] of found.days.entries()) {
    setCurrentDetails(`Day **${day}**, ${at + 1} of ${found.days.length}.`);
    result = added(result, day, await compactOne(day));
    const rest = found.days.slice(at + 1);
    if (0 < rest.length && workflowInfo().continueAsNewSuggested) {
      heedCancel();
      await continueAsNew<typeof compactArchive>({ days: rest, carried: result });
    }
  }
  setCurrentDetails(`${result.written} days written, ${result.unchanged} were up to date.`);
  note(result.problems.length === 0 ? "Done" : "Failed");
  if (result.problems.length === 0) return result;
  const [first] = result.problems;
  throw ApplicationFailure.nonRetryable(
    `${result.problems.length} days could not be compacted; ${first?.day}: ${first?.detail}`,
    "CompactionFailed",
    result,
  );
}

type DayResult = Awaited<ReturnType<ArchiveActivities["compactArchiveDay"]>>;

async function compactOne(day: string): Promise<DayResult> {
  try {
    return await compactArchiveDay(day);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return { kind: "different", rows: 0, detail: error.cause?.message ?? error.message };
  }
}

function added(sum: CompactArchiveResult, day: string, one: DayResult): CompactArchiveResult {
  switch (one.kind) {
    case "written":
      return { ...sum, written: sum.written + 1, rows: sum.rows + one.rows };
    case "unchanged":
      return { ...sum, unchanged: sum.unchanged + 1, rows: sum.rows + one.rows };
    case "empty":
      return { ...sum, empty: sum.empty + 1 };
    case "different": {
      const problems = [...sum.problems, { day, detail: one.detail }];
      return { ...sum, problems: problems.slice(0, PROBLEMS_MAX) };
    }
  }
}

function readInput(raw: unknown): CompactArchiveInput {
  const read = openInput(raw, ["days", "carried"]);
  const days = read("days", dayList);
  const carried = read("carried", { expected: "left to continue-as-new", read: carriedFrom });
  if (carried !== undefined && days === undefined) throw invalidInput("field 'days' is missing");
  return { ...(days === undefined ? {} : { days }), ...(carried === undefined ? {} : { carried }) };
}

function carriedFrom(value: unknown): CompactArchiveResult | undefined {
  return isResult(value) ? value : undefined;
}

function isResult(value: unknown): value is CompactArchiveResult {
  return (
    typeof value === "object" &&
    value !== null &&
    "problems" in value &&
    Array.isArray(value.problems)
  );
}
