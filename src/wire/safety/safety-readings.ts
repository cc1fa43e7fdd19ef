/**
 * What the watchdog reads of others, as readings: a trader's answer, health's report, a forecast. What is missing in
 * them is no number, and judged so.
 */
import { HEALTH_WORDS } from "../../domain/health/health-word.ts";
import type {
  BookReading,
  ForewarnReading,
  HealthReading,
  InputReading,
} from "../../domain/safety/readings.ts";
import { msFromIso } from "../../domain/time.ts";
import { fieldsOf, parsed } from "./kept-posture.ts";

/** Null: it is no status of a book. */
export function bookReading(line: string, wallMs: number): BookReading | null {
  const { status } = fieldsOf(parsed(line));
  if (typeof status !== "object" || status === null) return null;
  const { equity, last_seq, as_of_ms, inputs } = fieldsOf(status);
  return {
    equity: numberOr(equity, Number.NaN),
    evidence: String(last_seq),
    ageMs: wallMs - numberOr(as_of_ms, Number.NaN),
    inputs: Array.isArray(inputs) ? inputs.map(inputReading) : [NO_INPUTS],
  };
}

/** A trader that cannot read what it is told: it was started by a program that had no watchdog. */
export function isOlderTrader(line: string): boolean {
  const { id, ok, status } = fieldsOf(parsed(line));
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

/** Null: it is no report. Whether servers answer is left out: what follows from it is seen in the rest. */
export function healthReading(text: string, wallMs: number): HealthReading | null {
  const report = fieldsOf(parsed(text));
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

/** Of a file with a forecast a line, the newest one; null: there is none. */
export function forewarnReading(text: string, wallMs: number): ForewarnReading | null {
  const record = fieldsOf(parsed(text.trimEnd().split("\n").at(-1) ?? ""));
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
