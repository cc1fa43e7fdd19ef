/**
 * Makes the bridge push the missing scans of some days, one day after the other, and returns the audit's table.
 * Differences that remain fail the run with the reason, so that its schedule shows it.
 */
import {
  ActivityCancellationType,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
} from "@temporalio/workflow";
import { ActivityFailure } from "@temporalio/common";
import type { IngestActivities } from "../../activities/ingest-scans.ts";
import { isDayFolder, previousDay } from "../../domain/scan/archive-names.ts";
import { NO_TOTALS } from "../../domain/scan/audit.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import { invalidInput, openInput } from "../input.ts";
import { logicalStartMs } from "../logical-time.ts";
import type { IngestScansResult } from "../messages/archive.ts";

/** More would make the history too long. */
const DAYS_MAX = 366;
const NAMED_MAX = 100;
const COLUMNS = ["files", "pushed", "duplicates", "quarantined", "pending", "missing"] as const;
const A_DAY = {
  expected: "a day such as '2026-03-25'",
  read: (value: unknown) => (typeof value === "string" && isDayFolder(value) ? value : undefined),
};

const { ingestDay } = proxyActivities<IngestActivities>({
  startToCloseTimeout: "6 hours",
  heartbeatTimeout: "1 minute",
  retry: { initialInterval: "10 seconds", maximumInterval: "1 minute", maximumAttempts: 5 },
  // A cancelled run must not end before nothing is read any more.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export async function ingestScans(raw?: unknown): Promise<IngestScansResult> {
  const { days, areNamed } = daysFrom(raw);
  let result: IngestScansResult = {
    first_day: null,
    days: {},
    total: NO_TOTALS,
    last_seq: 0,
    seq_gaps: [],
    rewritten: [],
    missing: [],
    ring: null,
    problems: [],
  };
  for (const [at, day] of days.entries()) {
    setCurrentDetails(`Day **${day}**, ${at + 1} of ${days.length}.\n\n${tableOf(result)}`);
    const audit = await ingestOne(day);
    const isWell = typeof audit !== "string" && (audit.ok || (!areNamed && isOlder(audit)));
    result = added(result, day, audit);
    if (!isWell) result = { ...result, problems: [...result.problems, problemOf(day, audit)] };
  }
  setCurrentDetails(tableOf(result));
  const [first] = result.problems;
  if (first === undefined) return result;
  throw ApplicationFailure.nonRetryable(
    `${result.problems.length} of ${days.length} days differ; ${first.day}: ${first.detail}`,
    "ArchiveDiffers",
    result,
  );
}

type Audit = Awaited<ReturnType<IngestActivities["ingestDay"]>>;

/** The audit, or why there is none. */
async function ingestOne(day: string): Promise<Audit | string> {
  try {
    return await ingestDay(day);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return error.cause?.message ?? error.message;
  }
}

function problemOf(day: string, audit: Audit | string): IngestScansResult["problems"][number] {
  return { day, detail: typeof audit === "string" ? audit : audit.reason };
}

/** The only finding is that the day is before the first that counts, and it was not requested by name. */
function isOlder({ not_ours, days, seq_gaps, rewritten, ring }: Audit): boolean {
  const isMissing = Object.values(days).some(({ missing }) => 0 < missing);
  const differences = seq_gaps.length + rewritten.length + ring.lacking.length;
  return 0 < not_ours && !isMissing && differences === 0;
}

function added(sum: IngestScansResult, day: string, audit: Audit | string): IngestScansResult {
  if (typeof audit === "string") return sum;
  const { first_day, last_seq, seq_gaps, ring } = audit;
  const totals = audit.days[day] ?? NO_TOTALS;
  const total = { ...sum.total };
  for (const column of COLUMNS) total[column] += totals[column];
  return {
    first_day,
    days: { ...sum.days, [day]: totals },
    total,
    last_seq,
    seq_gaps,
    rewritten: [...sum.rewritten, ...audit.rewritten].slice(0, NAMED_MAX),
    missing: [...sum.missing, ...audit.missing].slice(0, NAMED_MAX),
    ring,
    problems: sum.problems,
  };
}

function tableOf({ days, total }: IngestScansResult): string {
  const lines = [...Object.entries(days), ["total", total] as const].map(
    ([day, totals]) => `| ${[day, ...COLUMNS.map((column) => totals[column])].join(" | ")} |`,
  );
  return [`| ${["day", ...COLUMNS].join(" | ")} |`, `|${"---|".repeat(7)}`, ...lines].join("\n");
}

type Days = { readonly days: readonly string[]; readonly areNamed: boolean };

/** Oldest first; by default the day before the one on which the run was due. */
function daysFrom(raw: unknown): Days {
  const read = openInput(raw, ["day", "from", "to"]);
  const [day, from, to] = [read("day", A_DAY), read("from", A_DAY), read("to", A_DAY)];
  if (day !== undefined) {
    if (from === undefined && to === undefined) return { days: [day], areNamed: true };
    throw invalidInput("field 'day' cannot be combined with a range; a range is 'from' and 'to'");
  }
  if (from === undefined && to === undefined) {
    const days = [previousDay(dayFromMicros(logicalStartMs() * US_PER_MS))];
    return { days, areNamed: false };
  }
  if (from === undefined || to === undefined) {
    throw invalidInput(
      `field '${from === undefined ? "from" : "to"}' is missing: a range has both`,
    );
  }
  const days: string[] = [];
  for (let one = to; from <= one && days.length <= DAYS_MAX; one = previousDay(one)) days.push(one);
  if (0 < days.length && days.length <= DAYS_MAX) {
    return { days: days.toReversed(), areNamed: true };
  }
  throw invalidInput(`'from' ${from} to 'to' ${to} must be 1 to ${DAYS_MAX} days`);
}
