/**
 * The forewarner's newest forecast for a page, from the file that the watchdog reads: what it says, how the earlier
 * ones came out, and how much it weighs in the posture now.
 */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { OUTCOMES_MIN } from "../../domain/forewarn/calibration.ts";
import { jsonOrNull } from "../../domain/json-record.ts";
import { believedBreach, FOREWARN_STALKER, FOREWARN_TURTLE } from "../../domain/safety/opinions.ts";
import { POSTURE_RULES } from "../../domain/safety/posture-rules.ts";
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND, msFromIso } from "../../domain/time.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { percent } from "../../reports/figures.ts";
import {
  forecastPicture,
  isLimitShown,
  isPictureForm,
} from "../../reports/forewarn/forecast-picture.ts";
import { forewarnNowFile } from "../../wire/forewarn/forewarn-place.ts";
import { ForewarnRecord } from "../../wire/forewarn/forewarn-record.ts";
import type { ScheduleName } from "../../domain/supervision/declared/schedules.ts";
import type { ScheduleRow } from "../../wire/system-status.ts";

export type ForecastView = Pick<
  ForewarnRecord,
  "book" | "verdict" | "reason" | "breach" | "weight" | "trades" | "calibration"
> & {
  readonly asOfMs: number;
  readonly untilMs: number;
  /** The posture uses no older one. */
  readonly budgetS: number;
  /** At its end, relative to the equity when it was made: 90 % of the paths end between `low` and `high`. */
  readonly ends: Readonly<Record<"low" | "middle" | "high", number>> | null;
  /** The fall from the equity when it was made that reaches the drawdown limit; null: not known. */
  readonly limit: { readonly fall: number; readonly isShown: boolean } | null;
  /** What it asks of the posture, in words. */
  readonly posture: string;
};

export type ForecastPlace = { readonly dataDir: string; readonly nowMs: number };

export const FOREWARNER: ScheduleName = "mc-forewarner";
const BYTES_MAX = 1_048_576;
const MAKE = "'dolphin forewarn run' makes one now";
/** A run takes minutes at most; it is retried for some more. */
const RUN_MS_MAX = MS_PER_HOUR;

export function readForecast({ dataDir, nowMs }: ForecastPlace): ForecastView | { absent: string } {
  const record = recordIn(dataDir);
  if (typeof record === "string") return { absent: record };
  const { book, verdict, reason, breach, weight, trades, calibration, envelope } = record;
  const [asOfMs, untilMs] = [msFromIso(record.as_of), msFromIso(record.horizon_end)];
  const end = envelope.at(-1)?.quantiles;
  const gainAt = (name: string) => (end?.[name] ?? Number.NaN) - 1;
  const { drawdown_limit_at: at } = record;
  const stands = { book, verdict, reason, breach, weight, trades, calibration, asOfMs, untilMs };
  return {
    ...stands,
    budgetS: POSTURE_RULES.forewarnAgeMsMax / MS_PER_SECOND,
    ends:
      end === undefined
        ? null
        : { low: gainAt("q0.05"), middle: gainAt("q0.5"), high: gainAt("q0.95") },
    limit: at === null ? null : { fall: 1 - at, isShown: isLimitShown(envelope, at) },
    posture: postureWords(record, nowMs - asOfMs),
  };
}

/** Null: there is none, it has no verdict, or there is no such form. */
export function drawForecast(dataDir: string, form: string): string | null {
  if (!isPictureForm(form)) return null;
  const record = recordIn(dataDir);
  if (typeof record === "string" || record.envelope.length === 0) return null;
  return forecastPicture(form, record.envelope, record.drawdown_limit_at);
}

/** What is wrong with the daily forecast; null: nothing. `row` null: Temporal does not answer. */
export function scheduleWords(
  row: ScheduleRow | undefined | null,
  asOfMs: number | null,
  nowMs: number,
): string | null {
  if (row === null) return "whether the next one will come is not known: Temporal does not answer";
  if (row === undefined) return "none will come: there is no schedule; 'dolphin create' makes it";
  const { paused, last_due_at: dueAt } = row;
  if (paused !== null) return `none will come: the schedule is paused (${paused})`;
  const dueMs = dueAt === null ? null : msFromIso(dueAt);
  const isLost =
    dueMs !== null && dueMs + RUN_MS_MAX < nowMs && (asOfMs === null || asOfMs < dueMs);
  return isLost
    ? `the run that was due at ${String(dueAt)} left none: its workflow says why, and ${MAKE}`
    : null;
}

function postureWords(
  { verdict, weight, breach, as_of, calibration }: ForewarnRecord,
  ageMs: number,
) {
  if (verdict === "unknown" || breach === null) return "asks for nothing: it has no verdict";
  const { either } = breach;
  const reading = { evidence: as_of, breach: either, weight, ageMs };
  const believed = believedBreach(reading, POSTURE_RULES);
  const { forewarnAgeMsMax, aheadMsMax } = POSTURE_RULES;
  if (forewarnAgeMsMax < ageMs) {
    return `asks for nothing: it is older than ${forewarnAgeMsMax / MS_PER_DAY} days`;
  }
  if (ageMs < -aheadMsMax) return "asks for nothing: its time is ahead of the clock";
  if (weight === 0) {
    const { outcomes } = calibration;
    return outcomes < OUTCOMES_MIN
      ? `asks for nothing: its weight is 0 until ${OUTCOMES_MIN} forecasts have ended, ${outcomes} have`
      : "asks for nothing: its weight is 0, because the earlier ones were wrong too often";
  }
  const counts = `weight ${percent(weight, 0)} of ${percent(either, 1)} counts as ${percent(believed, 1)}`;
  if (FOREWARN_TURTLE <= believed) return `asks for TURTLE: ${counts}`;
  if (FOREWARN_STALKER <= believed) return `asks for STALKER: ${counts}`;
  const [from, then] = [percent(FOREWARN_STALKER, 0), percent(FOREWARN_TURTLE, 0)];
  return `asks for nothing: ${counts}, STALKER is from ${from}, TURTLE from ${then}`;
}

/** A sentence where there is none. */
function recordIn(dataDir: string): ForewarnRecord | string {
  const path = forewarnNowFile(dataDir, COUNTED_BOOK);
  try {
    const text = textOf(path);
    if (text === null) return `there is no forecast yet: ${MAKE}`;
    const read = ForewarnRecord.safeParse(jsonOrNull(text));
    return read.success ? read.data : `${path} holds no forecast: ${MAKE}`;
  } catch (error) {
    return `the forecast cannot be read: ${messageOf(error)}`;
  }
}

/** Null: there is no file. */
function textOf(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
  try {
    return fstatSync(file).size <= BYTES_MAX ? readFileSync(file, "utf8") : "";
  } finally {
    closeSync(file);
  }
}
