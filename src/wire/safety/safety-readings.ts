/**
 * Converts the answers of other processes into the watchdog's readings: a trader's status, the health report, a
 * forecast. A missing number becomes NaN, and is judged as such.
 */
import { HEALTH_WORDS } from "../../domain/health/health-word.ts";
import type {
  BookReading,
  ForewarnReading,
  HealthReading,
  InputReading,
} from "../../domain/safety/readings.ts";
import { msFromIso } from "../../domain/time.ts";
import { fieldsOf } from "./kept-posture.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

/** Null: not a status of a book. */
export function bookReading(line: string, wallMs: number): BookReading | null {
  const { status } = fieldsOf(jsonOrNull(line));
  if (typeof status !== "object" || status === null) return null;
  const { equity, last_seq, as_of_ms, inputs } = fieldsOf(status);
  return {
    equity: numberOr(equity, Number.NaN),
    evidence: String(last_seq),
    ageMs: wallMs - numberOr(as_of_ms, Number.NaN),
    inputs: Array.isArray(inputs) ? inputs.map(inputReading) : [NO_INPUTS],
  };
}

/** A trader of a release without a watchdog, which does not know these requests. */
export function isOlderTrader(line: string): boolean {
  const { id, ok, status } = fieldsOf(jsonOrNull(line));
  return id === "" && ok === false && (status === null || status === undefined);
}

const NO_INPUTS: InputReading = { name: "inputs", ageMs: Number.NaN, budgetMs: 0 };

function inputReading(value: unknown): InputReading {
  const { name, age_ms, budget_ms } = fieldsOf(value);
  return {
    name: String(name),
    ageMs: age_ms === null ? Infinity : numberOr(age_ms, Number.NaN),
    budgetMs: numberOr(budget_ms, 0),
  };
}

const SCORES = ["m1_proc", "m2_heartbeat", "m3_data_freshness", "m5_coherence"] as const;

/**
 * Null: not a report. Whether the servers answer is left out: its consequences are visible in the other
 * readings.
 */
export function healthReading(text: string, wallMs: number): HealthReading | null {
  const report = fieldsOf(jsonOrNull(text));
  const { timestamp } = report;
  if (typeof timestamp !== "string") return null;
  return {
    evidence: timestamp,
    ageMs: wallMs - msFromIso(timestamp),
    scores: SCORES.map((name) =>
      report[name] === null ? null : numberOr(report[name], Number.NaN),
    ),
    word: HEALTH_WORDS.find((word) => word === report["status"]) ?? null,
  };
}

/** The newest forecast of a file with one forecast a line; null: there is none. */
export function forewarnReading(text: string, wallMs: number): ForewarnReading | null {
  const record = fieldsOf(jsonOrNull(text.trimEnd().split("\n").at(-1) ?? ""));
  const { as_of, weight, breach } = record;
  if (typeof as_of !== "string") return null;
  const { either } = fieldsOf(breach);
  return {
    evidence: as_of,
    ageMs: wallMs - msFromIso(as_of),
    breach: numberOr(either, Number.NaN),
    weight: numberOr(weight, 0),
  };
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
