/** Parses the input of the backtest workflows: every field optional, an error as one sentence. */
import type { GridAxis } from "../../domain/backtest/sweep/parameter-grid.ts";
import { conventionFrom } from "../../domain/backtest/run-settings.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import type { FillConvention } from "../../domain/trading/broker/paper-broker.ts";
import { POSTURES } from "../../domain/trading/posture.ts";
import type { Parameters, ParameterValue } from "../../domain/trading/strategy.ts";
import type { AskedOfRun } from "../../wire/backtest/book-run.ts";
import { integerFrom, invalidInput, oneOf, openInput, text, yesOrNo } from "../input.ts";
import type { BacktestRequest, NothingToRun, SweepRequest } from "../messages/backtest.ts";
import { BACKTEST_ID_PREFIX } from "../names.ts";

export type AskedOf = { readonly workflowId: string; readonly startedMs: number };

const FIELDS = [
  "name",
  "archive",
  "from",
  "to",
  "last_days",
  "accept_disorder",
  "strategy",
  "parameters",
  "posture",
  "fills",
  "capital",
  "fee_bps",
  "slippage_bps",
  "seed",
  "partial_share",
  "reject_share",
  "instruments",
  "age_budgets_s",
  "limits",
  "margin",
  "watched",
  "delisted_after_s",
  "delisted_at",
];
const SWEEP_FIELDS = ["grid", "walk_forward", "lanes", "chunk_trials"];
const LANES = { usual: 2, max: 64 };
const CHUNK_TRIALS = 25;

export function readBacktestInput(raw: unknown, asked: AskedOf): BacktestRequest {
  return requestFrom(openInput(raw, FIELDS), asked);
}

export type SweepOrder = {
  readonly request: SweepRequest;
  /** Chunks in progress at the same time, over all workers. */
  readonly lanes: number;
  readonly chunkTrials: number;
};

export function readSweepInput(raw: unknown, asked: AskedOf): SweepOrder {
  const read = openInput(raw, [...FIELDS, ...SWEEP_FIELDS]);
  const axes = read("grid", grid);
  if (axes === undefined) throw invalidInput(`field 'grid' is missing: ${grid.expected}`);
  const walkForward = read("walk_forward", walk) ?? null;
  const request = requestFrom(read, asked);
  return {
    // A fixed end, because chunks run at different times and today's folder grows.
    request: { ...request, to: request.to ?? dayBefore(asked, 1), axes, walkForward },
    lanes: Math.min(LANES.max, read("lanes", integerFrom(1)) ?? LANES.usual),
    chunkTrials: read("chunk_trials", integerFrom(1)) ?? CHUNK_TRIALS,
  };
}

function requestFrom(read: ReturnType<typeof openInput>, asked: AskedOf): BacktestRequest {
  const lastDays = read("last_days", integerFrom(1));
  const from = read("from", day) ?? (lastDays === undefined ? null : dayBefore(asked, lastDays));
  const to = read("to", day) ?? (lastDays === undefined ? null : dayBefore(asked, 1));
  return {
    name: read("name", name) ?? nameOf(asked.workflowId),
    archive: read("archive", text) ?? null,
    from,
    to,
    isRolling: lastDays !== undefined,
    acceptDisorder: read("accept_disorder", yesOrNo) ?? false,
    strategy: read("strategy", text) ?? null,
    asked: {
      parameters: read("parameters", parameters) ?? null,
      posture: read("posture", oneOf(...POSTURES)) ?? null,
      fills: read("fills", fills) ?? null,
      capital: read("capital", positive) ?? null,
      fee_bps: read("fee_bps", notNegative) ?? null,
      slippage_bps: read("slippage_bps", notNegative) ?? null,
      seed: read("seed", integerFrom(0)) ?? null,
      partial_share: read("partial_share", share) ?? null,
      reject_share: read("reject_share", share) ?? null,
      instruments: read("instruments", instruments) ?? null,
      age_budgets_s: read("age_budgets_s", ageBudgets) ?? null,
      limits: read("limits", bookOrLimits) ?? null,
      margin: read("margin", margin) ?? null,
      watched: read("watched", limits) ?? null,
      delisted_after_s: read("delisted_after_s", silence) ?? null,
      delisted_at: read("delisted_at", shareOfMark) ?? null,
    },
  };
}

/** The given number of days before the start; 1 is the last finished day. */
function dayBefore({ startedMs }: AskedOf, days: number): string {
  return dayFromMicros((startedMs - days * MS_PER_DAY) * US_PER_MS);
}

/** A scheduled run's id contains its time, which is not a valid folder name everywhere. */
function nameOf(workflowId: string): string {
  const bare = workflowId.startsWith(BACKTEST_ID_PREFIX)
    ? workflowId.slice(BACKTEST_ID_PREFIX.length)
    : workflowId;
  const cleaned = bare.replaceAll(/[^\w.-]/g, "-").replace(/^\.+/, "");
  return cleaned === "" ? "unnamed" : cleaned;
}

const name = {
  expected: "letters, digits, '-', '_' and '.'",
  read: (value: unknown): string | undefined =>
    typeof value === "string" && /^[\w-][\w.-]*$/.test(value) ? value : undefined,
};

const day = {
  expected: "a day such as '2026-03-25'",
  read: (value: unknown): string | undefined =>
    typeof value === "string" && isDayFolder(value) ? value : undefined,
};

const positive = {
  expected: "a number above 0",
  read: (value: unknown): number | undefined =>
    typeof value === "number" && 0 < value && Number.isFinite(value) ? value : undefined,
};

const notNegative = {
  expected: "a number of at least 0",
  read: (value: unknown): number | undefined =>
    typeof value === "number" && 0 <= value && Number.isFinite(value) ? value : undefined,
};

const silence = {
  expected: "a number of seconds above 0, or 'never'",
  read: (value: unknown): number | "never" | undefined => {
    if (value === "never") return value;
    return positive.read(value);
  },
};

const shareOfMark = {
  expected: "a number of 0 to 1",
  read: (value: unknown): number | undefined =>
    typeof value === "number" && 0 <= value && value <= 1 ? value : undefined,
};

const fills = {
  expected: "'same_scan', 'next_scan' or 'latency:MS'",
  read: (value: unknown): FillConvention | undefined =>
    typeof value === "string" ? (conventionFrom(value) ?? undefined) : undefined,
};

const share = {
  expected: "a share from 0 to 1",
  read: (value: unknown): number | undefined =>
    typeof value === "number" && 0 <= value && value <= 1 ? value : undefined,
};

const ageBudgets = {
  expected: "an object of seconds above 0 by input",
  read: positives,
};

/** In the form of the configuration; the worker validates the values. */
const instruments = {
  expected: 'an object by asset, such as {"BTCUSDT": {"tick": 0.1, "lot": 0.001}}',
  read(value: unknown): Readonly<Record<string, object>> | undefined {
    const read: Record<string, object> = {};
    for (const [asset, one] of entriesOf(value) ?? [["", null]]) {
      if (typeof one !== "object" || one === null) return undefined;
      read[asset] = one;
    }
    return read;
  },
};

const LIMITS = [
  "position_notional_max",
  "gross_notional_max",
  "positions_max",
  "entries_per_minute_max",
  "daily_loss_max",
  "drawdown_max",
] as const;

function isLimit(key: string): boolean {
  return LIMITS.some((limit) => limit === key);
}

/** Limits that are not named are the book's. */
const limits = {
  expected: `an object of numbers above 0 by limit: ${LIMITS.join(", ")}`,
  read(value: unknown): Exclude<AskedOfRun["watched"], null | undefined> | undefined {
    const named = positives(value);
    if (named === undefined) return undefined;
    return Object.keys(named).every(isLimit) ? named : undefined;
  },
};

const bookOrLimits = {
  expected: `'book', or ${limits.expected}`,
  read: (value: unknown): Exclude<AskedOfRun["limits"], null | undefined> | undefined =>
    value === "book" ? value : limits.read(value),
};

/** The worker validates each value, as for an instrument. */
const margin = {
  expected: "'none', 'book', or an object of the keys of 'trader.margin'",
  read(value: unknown): AskedOfRun["margin"] | undefined {
    if (value === "none" || value === "book") return value;
    const entries = entriesOf(value);
    return entries === null ? undefined : Object.fromEntries(entries);
  },
};

function positives(value: unknown): Readonly<Record<string, number>> | undefined {
  const read: Record<string, number> = {};
  for (const [key, one] of entriesOf(value) ?? [["", null]]) {
    if (typeof one !== "number" || !(0 < one)) return undefined;
    read[key] = one;
  }
  return read;
}

const parameters = {
  expected: "an object of numbers, texts and flags by parameter",
  read(value: unknown): Parameters | undefined {
    const entries = entriesOf(value);
    if (entries === null) return undefined;
    const known: Record<string, ParameterValue> = {};
    for (const [key, one] of entries) {
      if (!isParameterValue(one)) return undefined;
      known[key] = one;
    }
    return known;
  },
};

const grid = {
  expected: 'an object of lists of values by parameter, such as {"threshold": [0.01, 0.02]}',
  read(value: unknown): readonly GridAxis[] | undefined {
    const entries = entriesOf(value);
    if (entries === null || entries.length === 0) return undefined;
    const axes: GridAxis[] = [];
    for (const [key, values] of entries) {
      if (!Array.isArray(values) || values.length === 0) return undefined;
      if (!values.every(isParameterValue)) return undefined;
      axes.push({ name: key, values });
    }
    return axes;
  },
};

const walk = {
  expected: "'TRAIN:TEST' in days, such as '30:10'",
  read(value: unknown): { readonly trainDays: number; readonly testDays: number } | undefined {
    const [, train, test] = /^([1-9]\d*):([1-9]\d*)$/.exec(String(value)) ?? [];
    if (train === undefined || test === undefined) return undefined;
    return { trainDays: Number(train), testDays: Number(test) };
  },
};

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? Object.entries(value) : null;
}

function isParameterValue(value: unknown): value is ParameterValue {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "string";
}

/** Not a failure: tomorrow there may be scans. */
export function nothingToRun(request: BacktestRequest, what: string): NothingToRun {
  const { from, to } = request;
  return { name: request.name, scans: 0, nothing_to_do: `${what} from ${from} to ${to}` };
}
