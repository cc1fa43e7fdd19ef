/** A rule of the gate in one line: its subject, its figure and its bound. */
import { isoFromMs, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../../time.ts";
import type { EntryCheck, Figure, Unit } from "../risk/check.ts";
import { refusalWords } from "../risk/refusal-words.ts";
import type { Trader } from "../state.ts";
import { POSTURE_SHARES } from "../posture.ts";
import type { Origins } from "./origins.ts";

export function checkWords(check: EntryCheck, trader: Trader, origins: Origins | null): string {
  const { refusal, rule, subject, value } = check;
  const refusalText = refusal === null ? "" : refusalWords(refusal.reason, refusal.subject);
  switch (rule) {
    case "halted":
      return value === true ? `halted${haltWords(origins)}; 'resume' ends it` : "not halted";
    case "latched":
      return value === "" ? "no limit is latched" : latchWords(String(value), origins);
    case "bankrupt":
      return `cash ${figure(value, "quote")}, must be above 0`;
    case "posture_unknown":
      return refusal === null ? `posture ${String(value)}` : refusalText;
    case "posture_hibernate":
      return `posture ${String(value)}${factorWords(value)}`;
    case "posture_old":
    case "input_old":
      return ageWords(rule === "posture_old" ? "posture" : subject, check, trader);
    case "posture_stops_entries":
      return refusal === null ? "the watchdog allows entries" : refusalText;
    case "order_working":
    case "order_unknown":
      return refusal === null ? "no working order prevents it" : refusalText;
    case "equity_unknown":
      return refusal === null ? `equity ${figure(value, "quote")}` : refusalText;
    case "configuration_unapproved":
      return refusal === null ? "the configuration needs no approval, or has it" : refusalText;
    case "price_collar":
      if (value === null) return "no price collar is configured";
      return `${subject} is ${figure(value, "share")} off its last marks, at most ${figure(check.bound, "share")}`;
    case "position_open":
      return refusal === null ? `${subject} is not held` : refusalText;
    case "asset_without_price":
      return refusal === null ? `${subject} has a price, ${figure(value, "none")}` : refusalText;
    default:
      return `${sizeWords(rule, subject)} ${boundWords(check)}`;
  }
}

function haltWords(origins: Origins | null): string {
  const halt = origins?.halted ?? null;
  if (halt === null) return ", since before the events that were read";
  return ` by ${halt.by} (${halt.how}) at ${timeText(halt.atMs)}`;
}

function latchWords(limit: string, origins: Origins | null): string {
  const origin = origins?.latched.get(limit);
  if (origin === undefined) return `${limit} is latched, since before the events that were read`;
  const { atMs, lost, allowed } = origin;
  return (
    `${limit} is latched since ${timeText(atMs)}: ${figure(lost, "share")} was lost, ` +
    `${figure(allowed, "share")} is the limit; 'resume' ends it`
  );
}

function factorWords(posture: Figure): string {
  const share = Object.entries(POSTURE_SHARES).find(([name]) => name === posture)?.[1];
  if (share === undefined) return "";
  return share === 0 ? " allows no entries" : `, sizes are multiplied by ${share}`;
}

function ageWords(input: string, { value, bound }: EntryCheck, { configuration }: Trader): string {
  if (input === "posture" && configuration.configuredPosture !== null) {
    return "the posture is configured and does not age";
  }
  if (value === Infinity) return `${input} was never received; budget ${figure(bound, "ms")}`;
  if (typeof value === "number" && value < 0) {
    return `${input} is ${figure(-value, "ms")} ahead of the clock, budget ${figure(bound, "ms")}`;
  }
  return `${input} is ${figure(value, "ms")} old, budget ${figure(bound, "ms")}`;
}

function sizeWords(rule: string, subject: string): string {
  switch (rule) {
    case "below_minimum":
      return `size in ${subject}`;
    case "insufficient_margin":
      return `margin needed with ${subject}`;
    case "limit_positions":
      return "positions with this one";
    case "limit_order_rate":
      return "entries within a minute with this one";
    default:
      return subject === "gross_notional" ? "all positions with this one" : "size of this one";
  }
}

function boundWords({ rule, value, bound, unit }: EntryCheck): string {
  const most = rule === "below_minimum" ? "at least" : "at most";
  return `${figure(value, unit)}, must be ${most} ${figure(bound, unit)}`;
}

export function figure(value: Figure, unit: Unit): string {
  if (typeof value !== "number") return value === null ? "unknown" : String(value);
  switch (unit) {
    case "ms":
      return durationText(value);
    case "share":
      return `${trimmed(100 * value, 3)} %`;
    case "quote":
      return value.toFixed(2);
    case "none":
      return trimmed(value, 8);
  }
}

function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return "forever";
  if (Math.abs(ms) < MS_PER_SECOND) return `${Math.round(ms)} ms`;
  if (Math.abs(ms) < 5 * MS_PER_MINUTE) return `${trimmed(ms / MS_PER_SECOND, 4)} s`;
  if (Math.abs(ms) < 2 * MS_PER_HOUR) return `${trimmed(ms / MS_PER_MINUTE, 4)} min`;
  return `${trimmed(ms / MS_PER_HOUR, 4)} h`;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

/** UTC, to the second. */
export function timeText(ms: number): string {
  return Number.isFinite(ms) ? `${isoFromMs(ms).slice(0, 19)}Z` : "never";
}
