/**
 * Whether a strategy looks ahead. It can't by its types; what goes around them is found by what it
 * does: its decisions on the first k scans must be the same whether the scans after k are there, are
 * missing, or hold no number.
 */
import type { TraderCommand } from "../trading/commands.ts";
import { decisionOf } from "../trading/trader.ts";
import { feedBacktest, type Backtest, type ScanChunk } from "./backtest.ts";
import { sliceOfChunk } from "./chunk-slice.ts";

const TRIES = 20;
/** Enough to see what is wrong. */
const FINDINGS_MAX = 20;

export type LookAheadFinding = {
  /** What was done to the scans after the first `scans`; `again`: nothing, it only ran once more. */
  readonly kind: "cut" | "blanked" | "again";
  readonly scans: number;
  /** The first scan that was decided otherwise, from 1 on. */
  readonly seq: number;
  readonly expected: string;
  readonly found: string;
};

export type LookAheadVerdict = {
  readonly scans: number;
  /** Scans at which something was decided: without any the check says nothing. */
  readonly decisions: number;
  /** The lengths that were tried, each cut and blanked. */
  readonly tried: readonly number[];
  readonly findings: readonly LookAheadFinding[];
};

export type LookAheadQuestion = {
  /** All scans in one chunk, so that the buffers which a strategy might reach hold the future. */
  readonly chunk: ScanChunk;
  /** A run from its beginning, each time. */
  readonly begin: () => Backtest;
  /** In [0, 1). */
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
  const busy = full.flatMap((text, at) => (text.includes("!") ? [at + 1] : []));
  const anywhere = () => 1 + Math.floor(random() * (chunk.count - 1));
  const lengths = new Set<number>();
  for (let tries = 0; tries < TRIES && 1 < chunk.count; tries += 1) lengths.add(anywhere());
  // A look at the next scan only shows where the last scan left has a decision to change.
  for (let tries = 0; tries < TRIES && 0 < busy.length; tries += 1) {
    lengths.add(Math.min(chunk.count - 1, busy[Math.floor(random() * busy.length)]!));
  }
  const tried = [...lengths].filter((length) => 0 < length).toSorted((a, b) => a - b);
  const findings: LookAheadFinding[] = [];
  // What a strategy keeps outside of its memory shows when it runs once more.
  compare(findings, full, { kind: "again", scans: chunk.count, chunk, begin });
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
  return { scans: chunk.count, decisions: busy.length, tried, findings };
}

type Trial = {
  readonly kind: LookAheadFinding["kind"];
  readonly scans: number;
  readonly chunk: ScanChunk;
  readonly begin: () => Backtest;
};

function compare(into: LookAheadFinding[], full: readonly string[], trial: Trial): void {
  const { kind, scans, chunk, begin } = trial;
  const got = decisionsOf({ ...chunk, count: scans }, begin);
  const at = got.findIndex((text, row) => text !== full[row]);
  if (at === -1) return;
  into.push({ kind, scans, seq: at + 1, expected: full[at] ?? "nothing", found: got[at]! });
}

/** One text a scan: decision, orders and the strategy's readings. `!` marks what is more than looking on. */
function decisionsOf(chunk: ScanChunk, begin: () => Backtest): string[] {
  const texts: string[] = [];
  const orders: string[] = [];
  const run = begin();
  const { trader } = run.desk;
  const carriedCount = trader.strategy.carried.length;
  const { onCommands } = run.desk;
  const desk = {
    ...run.desk,
    onCommands: (...told: Parameters<typeof onCommands>) => {
      noteOrders(orders, told[1]);
      onCommands(...told);
    },
  };
  const watched = { ...run, desk };
  for (let row = 0; row < chunk.count; row += 1) {
    try {
      feedBacktest(watched, sliceOfChunk(chunk, { first: row, count: 1, carriedCount }));
    } catch (error) {
      texts.push(`! failed: ${error instanceof Error ? error.message : String(error)}`);
      break;
    }
    texts.push(textOf(trader, orders));
    orders.length = 0;
  }
  return texts;
}

function noteOrders(into: string[], commands: readonly TraderCommand[]): void {
  for (const command of commands) {
    if (command.kind !== "submit_order") continue;
    const { side, quantity, asset, reason } = command.order;
    into.push(`! ${side} ${quantity} ${asset} (${reason})`);
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

/** Copies of exactly so many scans, so that nothing of what follows is in reach. */
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
