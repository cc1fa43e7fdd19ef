/**
 * The watchdog's state on disk. A text that is not a valid state is treated as no state: nothing is guessed.
 */
import type { EquityBase } from "../../domain/safety/equity-base.ts";
import type { KeptPosture, Latch } from "../../domain/safety/step-posture.ts";
import { POSTURES, type Posture } from "../../domain/trading/posture.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

const VERSION = 1;

export function encodeKeptPosture(kept: KeptPosture, savedAt: string): string {
  return `${JSON.stringify({ version: VERSION, saved_at: savedAt, ...kept })}\n`;
}

/** Null: not a valid state, or another program's. */
export function parseKeptPosture(text: string): KeptPosture | null {
  const raw = fieldsOf(jsonOrNull(text));
  const posture = postureOf(raw["posture"]);
  const base = baseOf(raw["base"]);
  const latch = raw["latch"] === null ? null : latchOf(raw["latch"]);
  if (raw["version"] !== VERSION || posture === null || base === null || latch === undefined) {
    return null;
  }
  return { posture, latch, base };
}

export function isKeptByNewer(text: string): boolean {
  const version = fieldsOf(jsonOrNull(text))["version"];
  return typeof version === "number" && VERSION < version;
}

type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export function postureOf(value: unknown): Posture | null {
  return POSTURES.find((one) => one === value) ?? null;
}

/** Undefined: not valid. */
function latchOf(value: unknown): Latch | undefined {
  const { why, by, at, posture } = fieldsOf(value);
  const step = postureOf(posture);
  const isWhole = typeof why === "string" && typeof by === "string" && typeof at === "string";
  return isWhole && step !== null ? { why, by, at, posture: step } : undefined;
}

function baseOf(value: unknown): EquityBase | null {
  const { peak, dayStart, day, recent: recentFound, doubted: doubts, evidence } = fieldsOf(value);
  const recent = figuresOf(recentFound);
  // An older release did not write this field.
  const doubted = figuresOf(doubts ?? []);
  if (!isFigure(peak) || !isFigure(dayStart) || recent === null || doubted === null) return null;
  if (typeof day !== "string" || typeof evidence !== "string") return null;
  return { peak, dayStart, day, recent, doubted, evidence };
}

/** Null: some elements are not valid. */
function figuresOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  const figures = value.filter((one): one is number => Number.isFinite(one));
  return figures.length === value.length ? figures : null;
}

function isFigure(value: unknown): value is number | null {
  return value === null || Number.isFinite(value);
}
