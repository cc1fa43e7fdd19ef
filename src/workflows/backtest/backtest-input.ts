/** Reads the input of the backtest workflows: every field optional, anything wrong in one sentence. */
import type { GridAxis } from "../../domain/backtest/parameter-grid.ts";
import { conventionFrom, DEFAULT_RUN_SETTINGS } from "../../domain/backtest/run-settings.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import type { FillConvention } from "../../domain/trading/broker/paper-broker.ts";
import { limitsFor } from "../../domain/trading/configuration.ts";
import { POSTURES } from "../../domain/trading/posture.ts";
import type { Parameters, ParameterValue } from "../../domain/trading/strategy.ts";
import { integerFrom, invalidInput, oneOf, openInput, text } from "../input.ts";
import type { BacktestRequest, SweepRequest } from "../messages.ts";
import { BACKTEST_ID_PREFIX } from "../names.ts";

export type AskedOf = { readonly workflowId: string; readonly startedMs: number };

const FIELDS = [
  "name",
  "archive",
  "from",
  "to",
  "last_days",
  "strategy",
  "parameters",
  "posture",
  "fills",
  "capital",
  "fee_bps",
  "slippage_bps",
  "seed",
];
const SWEEP_FIELDS = ["grid", "walk_forward", "lanes", "chunk_trials"];
const DEFAULT_STRATEGY = "velocity-divergence";
const LANES = { usual: 2, max: 64 };
const CHUNK_TRIALS = 25;

export function readBacktestInput(raw: unknown, asked: AskedOf): BacktestRequest {
  return requestFrom(openInput(raw, FIELDS), asked);
}

export type SweepOrder = {
  readonly request: SweepRequest;
  /** Chunks under way at the same time, over all workers. */
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
    // Chunks run at different times, and today's folder grows.
    request: { ...request, to: request.to ?? dayBefore(asked, 1), axes, walkForward },
    lanes: Math.min(LANES.max, read("lanes", integerFrom(1)) ?? LANES.usual),
    chunkTrials: read("chunk_trials", integerFrom(1)) ?? CHUNK_TRIALS,
  };
}

function requestFrom(read: ReturnType<typeof openInput>, asked: AskedOf): BacktestRequest {
  const usual = DEFAULT_RUN_SETTINGS;
  const lastDays = read("last_days", integerFrom(1));
  const from = read("from", day) ?? (lastDays === undefined ? null : dayBefore(asked, lastDays));
  const capital = read("capital", positive) ?? usual.capital;
  const to = read("to", day) ?? (lastDays === undefined ? null : dayBefore(asked, 1));
  return {
    name: read("name", name) ?? nameOf(asked.workflowId),
    archive: read("archive", text) ?? null,
    from,
    to,
    strategy: read("strategy", text) ?? DEFAULT_STRATEGY,
    settings: {
      parameters: read("parameters", parameters) ?? usual.parameters,
      posture: read("posture", oneOf(...POSTURES)) ?? usual.posture,
      convention: read("fills", fills) ?? usual.convention,
      capital,
      feeBps: read("fee_bps", notNegative) ?? usual.feeBps,
      slippageBps: read("slippage_bps", notNegative) ?? usual.slippageBps,
      seed: read("seed", integerFrom(0)) ?? usual.seed,
      limits: limitsFor(capital),
    },
  };
}

/** One day before the start: the last day that was over. */
function dayBefore({ startedMs }: AskedOf, days: number): string {
  return dayFromMicros((startedMs - days * MS_PER_DAY) * US_PER_MS);
}

/** A scheduled run's id carries its time, which is no name of a folder everywhere. */
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

const fills = {
  expected: "'same_scan', 'next_scan' or 'latency:MS'",
  read: (value: unknown): FillConvention | undefined =>
    typeof value === "string" ? (conventionFrom(value) ?? undefined) : undefined,
};

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
