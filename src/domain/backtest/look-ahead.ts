/**
 * Checks whether a strategy looks ahead. Its types do not allow it; code that works around them is found by its
 * decisions: those on the first k scans must not change when later scans are missing or blanked, or when the state
 * goes through a snapshot in between.
 */
import type { TraderCommand } from "../trading/commands.ts";
import { exactText } from "../trading/snapshot/exact.ts";
import { decisionOf } from "../trading/trader.ts";
import { feedBacktest } from "./backtest.ts";
import type { Backtest, ScanChunk } from "./backtest-run.ts";
import { sliceOfChunk } from "./chunk-slice.ts";
import {
  type BacktestSnapshot,
  resumeBacktest,
  snapshotOfBacktest,
} from "./snapshot/backtest-snapshot.ts";

const TRIES = 20;
/** Enough findings to locate the fault. */
const FINDINGS_MAX = 20;
const ORDER = "! order: ";
const FAILED = "! failed: ";

export type LookAheadFinding = {
  /**
   * What was changed after the first `scans` scans; `again`: nothing, the same run was repeated; `restored`: nothing,
   * but the state went through a snapshot before these scans.
   */
  readonly kind: "cut" | "blanked" | "again" | "restored";
  readonly scans: number;
  /** The first scan with a different decision, counted from 1. */
  readonly seq: number;
  readonly expected: string;
  readonly found: string;
};

export type LookAheadVerdict = {
  readonly scans: number;
  /** Scans with a decision, refusals included. */
  readonly decisions: number;
  /** Orders submitted, refusals not counted: without any the check proves nothing. */
  readonly orders: number;
  /** The error that the strategy threw, after which no scan was examined; null: none. */
  readonly failure: string | null;
  /** The lengths that were tried, each cut and blanked. */
  readonly tried: readonly number[];
  readonly findings: readonly LookAheadFinding[];
};

export type LookAheadQuestion = {
  /** All scans in one chunk, so that the buffers that a strategy might reach contain the future. */
  readonly chunk: ScanChunk;
  /** Begins a new run. */
  readonly begin: () => Backtest;
  /** Uniform in [0, 1). */
  readonly random: () => number;
};

export function checkLookAhead({
  chunk: given,
  begin,
  random,
}: LookAheadQuestion): LookAheadVerdict {
  const carriedCount = begin().desk.trader.strategy.carried.length;
  const chunk = cutAfter(given, given.count, carriedCount);
  const full = decisionsOf(chunk, begin);
  const last = full.at(-1) ?? "";
  const busy = full.flatMap((text, at) => (text.includes("!") ? [at + 1] : []));
  const anywhere = () => 1 + Math.floor(random() * (chunk.count - 1));
  const lengths = new Set<number>();
  for (let tries = 0; tries < TRIES && 1 < chunk.count; tries += 1) lengths.add(anywhere());
  // Looking one scan ahead only shows where the last scan left has a decision to change.
  for (let tries = 0; tries < TRIES && 0 < busy.length; tries += 1) {
    lengths.add(Math.min(chunk.count - 1, busy[Math.floor(random() * busy.length)]!));
  }
  const tried = [...lengths].filter((length) => 0 < length).toSorted((a, b) => a - b);
  const findings: LookAheadFinding[] = [];
  // State that a strategy keeps outside its memory shows when the run is repeated.
  const whole = { scans: chunk.count, chunk, begin };
  compare(findings, full, { kind: "again", ...whole });
  for (const scans of tried) {
    if (FINDINGS_MAX <= findings.length) break;
    compare(findings, full, {
      kind: "cut",
      scans,
      chunk: cutAfter(chunk, scans, carriedCount),
      begin,
    });
    compare(findings, full, {
      kind: "blanked",
      scans,
      chunk: blankedAfter(chunk, scans, carriedCount),
      begin,
    });
  }
  // State that a snapshot does not hold shows in the decisions after a restore.
  compare(findings, full, { kind: "restored", restoredAfter: lengths, ...whole });
  return {
    scans: chunk.count,
    decisions: busy.length,
    orders: full.reduce((sum, text) => sum + text.split(ORDER).length - 1, 0),
    failure: last.startsWith(FAILED) ? last.slice(FAILED.length) : null,
    tried,
    findings,
  };
}

type Trial = {
  readonly kind: LookAheadFinding["kind"];
  readonly scans: number;
  readonly chunk: ScanChunk;
  readonly begin: () => Backtest;
  readonly restoredAfter?: ReadonlySet<number>;
};

function compare(into: LookAheadFinding[], full: readonly string[], trial: Trial): void {
  const { kind, scans, chunk, begin, restoredAfter } = trial;
  const got = decisionsOf({ ...chunk, count: scans }, begin, restoredAfter);
  const at = got.findIndex((text, row) => text !== full[row]);
  if (at === -1) return;
  into.push({ kind, scans, seq: at + 1, expected: full[at] ?? "nothing", found: got[at]! });
}

/** One text per scan: decision, orders and the strategy's readings. `!` marks a scan with an order or a decision. */
function decisionsOf(
  chunk: ScanChunk,
  begin: () => Backtest,
  restoredAfter: ReadonlySet<number> = new Set(),
): string[] {
  const texts: string[] = [];
  const orders: string[] = [];
  let run = watched(begin(), orders);
  const carriedCount = run.desk.trader.strategy.carried.length;
  for (let row = 0; row < chunk.count; row += 1) {
    try {
      feedBacktest(run, sliceOfChunk(chunk, { first: row, count: 1, carriedCount }));
      texts[row] = textOf(run.desk.trader, orders);
      if (restoredAfter.has(row + 1)) run = watched(restored(run, begin()), orders);
    } catch (error) {
      texts[row] = `${FAILED}${error instanceof Error ? error.message : String(error)}`;
      break;
    }
    orders.length = 0;
  }
  return texts;
}

function watched(run: Backtest, orders: string[]): Backtest {
  const { onCommands } = run.desk;
  const desk = {
    ...run.desk,
    onCommands: (...stepped: Parameters<typeof onCommands>) => {
      noteOrders(orders, stepped[1]);
      onCommands(...stepped);
    },
  };
  return { ...run, desk };
}

function restored(run: Backtest, fresh: Backtest): Backtest {
  const snapshot: BacktestSnapshot = JSON.parse(exactText(snapshotOfBacktest(run)));
  return resumeBacktest(fresh, snapshot);
}

function noteOrders(into: string[], commands: readonly TraderCommand[]): void {
  for (const command of commands) {
    if (command.kind !== "submit_order") continue;
    const { side, quantity, asset, reason } = command.order;
    into.push(`${ORDER}${side} ${quantity} ${asset} (${reason})`);
  }
}

function textOf(trader: Backtest["desk"]["trader"], orders: readonly string[]): string {
  const { decision } = trader.data;
  const made = decisionOf(trader) ?? decision;
  const signal = made.signal === 0 ? "" : ` signal ${made.signal}`;
  const refusal = made.refusal === null ? "" : `! ${made.refusal}`;
  const readings = Object.entries(trader.strategy.readings())
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
  return [made.outcome + signal, refusal, ...orders, readings]
    .filter((part) => part !== "")
    .join("; ");
}

/** Copies exactly so many scans, so that no later scan is reachable through the buffers. */
function cutAfter(chunk: ScanChunk, scans: number, carriedCount: number): ScanChunk {
  return {
    ...chunk,
    count: scans,
    timesMs: chunk.timesMs.slice(0, scans),
    prices: chunk.prices.slice(0, scans * chunk.assets.length),
    eigenvalues: chunk.eigenvalues.slice(0, scans * chunk.eigenvalueCount),
    carried: chunk.carried.slice(0, scans * carriedCount),
  };
}

function blankedAfter(chunk: ScanChunk, scans: number, carriedCount: number): ScanChunk {
  const blanked = (values: Float64Array, width: number): Float64Array =>
    values.slice().fill(Number.NaN, width * scans);
  return {
    ...chunk,
    timesMs: blanked(chunk.timesMs, 1),
    prices: blanked(chunk.prices, chunk.assets.length),
    eigenvalues: blanked(chunk.eigenvalues, chunk.eigenvalueCount),
    carried: blanked(chunk.carried, carriedCount),
  };
}
