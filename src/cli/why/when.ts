/** A time on the command line: a moment in UTC, or a time of today. */
import { isoFromMs } from "../../domain/time.ts";
import { CliError, EXIT_USAGE } from "../context.ts";
import type { When } from "../../operations/why/find-event.ts";

const CLOCK = /^\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;

export type WhenFlags = { readonly at?: string; readonly seq?: string };

export function whenFrom({ at, seq }: WhenFlags, nowMs: number): When {
  if (at !== undefined && seq !== undefined) {
    throw new CliError("either --at or --seq, not both", EXIT_USAGE);
  }
  if (seq !== undefined) return { kind: "seq", seq: seqFrom(seq) };
  return at === undefined ? { kind: "now" } : { kind: "time", ms: timeFrom(at, nowMs) };
}

/** Milliseconds; a second given without a fraction includes all of that second. */
export function timeFrom(text: string, nowMs: number): number {
  const full = CLOCK.test(text)
    ? `${isoFromMs(nowMs).slice(0, 10)}T${text}`
    : DAY.test(text)
      ? `${text}T23:59:59`
      : text;
  const hasZone = /(Z|[+-]\d{2}:?\d{2})$/.test(full.slice(10));
  const ms = MOMENT.test(full) ? Date.parse(hasZone ? full : `${full}Z`) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new CliError(
      `--at takes a UTC time such as 2026-03-25T10:15:00Z or 10:15, was '${text}'`,
      EXIT_USAGE,
    );
  }
  return full.includes(".") ? ms : ms + 999;
}

function seqFrom(text: string): number {
  const seq = Number(text);
  if (/^\d{1,15}$/.test(text)) return seq;
  throw new CliError(`--seq takes the seq of a scan, was '${text}'`, EXIT_USAGE);
}
