/** A period on the command line: a day, or from one time to another; a time is a moment in UTC or a duration ago. */
import {
  MS_PER_DAY,
  MS_PER_HOUR,
  MS_PER_MINUTE,
  MS_PER_SECOND,
  US_PER_MS,
} from "../../domain/time.ts";
import type { Period } from "../../operations/trace/trace-period.ts";
import { CliError, EXIT_USAGE } from "../context.ts";

export type PeriodFlags = {
  readonly since?: string;
  readonly until?: string;
  readonly day?: string;
};

const AGO = /^(\d{1,9})([smhd])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;
const ZONE = /(Z|[+-]\d{2}:?\d{2})$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: MS_PER_SECOND,
  m: MS_PER_MINUTE,
  h: MS_PER_HOUR,
  d: MS_PER_DAY,
};

/** Null where no period is given. `until` is exclusive. */
export function periodFrom({ since, until, day }: PeriodFlags, nowMs: number): Period | null {
  if (day !== undefined) {
    if (since !== undefined || until !== undefined) {
      throw new CliError("either --day, or --since and --until, not both", EXIT_USAGE);
    }
    const startMs = DAY.test(day) ? momentFrom("--day", day, nowMs) : notOne("--day", day);
    return { sinceUs: startMs * US_PER_MS, untilUs: (startMs + MS_PER_DAY) * US_PER_MS };
  }
  if (since === undefined && until === undefined) return null;
  const sinceUs = since === undefined ? 0 : momentFrom("--since", since, nowMs) * US_PER_MS;
  const untilUs =
    until === undefined ? Number.MAX_SAFE_INTEGER : momentFrom("--until", until, nowMs) * US_PER_MS;
  if (untilUs <= sinceUs) throw new CliError("--until must be after --since", EXIT_USAGE);
  return { sinceUs, untilUs };
}

function momentFrom(flag: string, text: string, nowMs: number): number {
  const [, amount, unit] = AGO.exec(text) ?? [];
  if (amount !== undefined) return nowMs - Number(amount) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
  const full = DAY.test(text) ? `${text}T00:00:00Z` : text;
  if (!MOMENT.test(full)) notOne(flag, text);
  const ms = Date.parse(ZONE.test(full.slice(10)) ? full : `${full}Z`);
  return Number.isNaN(ms) ? notOne(flag, text) : ms;
}

function notOne(flag: string, text: string): never {
  const example = flag === "--day" ? "2026-03-25" : "2h, 2026-03-25 or 2026-03-25T10:15:00Z (UTC)";
  throw new CliError(`${flag} takes a time such as ${example}, was '${text}'`, EXIT_USAGE);
}
