/** The status of a book, as it answers requests. */
import {
  UNPRICED_REPORTED_AFTER_MS,
  unpricedPositions,
  unpricedWords,
} from "../domain/trading/portfolio/unpriced-positions.ts";
import { type PublishedState, publishedOf } from "../domain/trading/published.ts";
import { marginWords } from "../domain/trading/margin/margin-words.ts";
import { entryBarrier } from "../domain/trading/risk/entry-gate.ts";
import { offsetWords, scanStanding } from "../domain/trading/market/scan-clock.ts";
import { ageOf, budgetOf, postureNow } from "../domain/trading/market/input-ages.ts";
import { isoFromMs, MS_PER_SECOND } from "../domain/time.ts";
import type { Trader } from "../domain/trading/trader.ts";
import type { VerdictNote } from "../domain/supervision/verdict.ts";
import { alertOf } from "../wire/facts/bridge-facts.ts";
import { brings } from "../wire/feeds/feeds.ts";
import type { TraderStatus } from "../wire/trading/trader-control.ts";

export function traderStatusOf(trader: Trader): TraderStatus {
  const state = publishedOf(trader);
  return {
    book: state.book,
    state: standingOf(trader),
    strategy: state.strategy,
    cash: state.capital,
    equity: state.equity,
    positions: state.positions.map((position) => ({
      id: position.id,
      asset: position.asset,
      direction: position.direction,
      quantity: position.quantity,
      entry_price: position.entryPrice,
      mark: position.mark,
      unrealized: position.unrealized,
      liquidation_price: position.liquidationPrice ?? null,
      no_price_since: position.noPriceSinceMs === null ? null : isoFromMs(position.noPriceSinceMs),
    })),
    orders_working: [...state.ordersWorking],
    last_seq: state.lastSeq,
    last_index: trader.nextIndex - 1,
    warm: state.warm,
    halted: state.halted,
    latched: [...state.latched],
    margin_ratio: finiteOr(state.marginRatio),
    liquidations: state.liquidations,
    posture: state.posture,
    entries: trader.data.posture.areEntriesStopped === true ? "stop" : "go",
    as_of_ms: trader.data.nowMs,
    inputs: inputsOf(trader),
    trades: state.tradesExecuted,
    scan_offset_s: offsetS(state),
  };
}

function inputsOf(trader: Trader): TraderStatus["inputs"] {
  const names = new Set(["scan", ...trader.strategy.inputs]);
  names.delete("posture");
  return [...names].map((name) => {
    const ageMs = ageOf(trader, name);
    const budget_ms = budgetOf(trader, name);
    return { name, age_ms: Number.isFinite(ageMs) ? ageMs : null, budget_ms };
  });
}

function offsetS({ scanOffsetMs }: PublishedState): number | null {
  return scanOffsetMs === null ? null : scanOffsetMs / MS_PER_SECOND;
}

/** Warnings that need an operator although the book continues; empty where there are none. */
export function notesOf(trader: Trader): readonly VerdictNote[] {
  const unpriced = unpricedPositions(trader).filter(
    ({ silentMs }) => UNPRICED_REPORTED_AFTER_MS < silentMs,
  );
  const scans = [offsetWords(trader) ?? [], unpriced.map(unpricedWords)].flat();
  return [
    ...alertsOf("limits", latchedWords(trader)),
    ...alertsOf("margin", marginWords(trader)),
    ...alertsOf("scans", scans),
  ];
}

/** Only an operator ends a latch, and may look only at the status table. */
function latchedWords({ data: { risk }, configuration: { book } }: Trader): readonly string[] {
  if (risk.latched.length === 0) return [];
  return [`latched: ${risk.latched.join(" ")}: no entries until dolphin resume ${book}`];
}

/**
 * A strategy that declares an input without a feed never enters. `feeds`: names of the feeds that the traders are
 * configured to read.
 */
export function missingFeedsOf(
  { strategy }: Trader,
  feeds: readonly string[],
): readonly VerdictNote[] {
  return strategy.inputs
    .filter((input) => input !== "scan" && input !== "posture")
    .filter((input) => !feeds.some((name) => brings(name, input)))
    .map((input) =>
      alertOf(
        input,
        `strategy ${strategy.name} declares the input ${input}, which no configured feed provides: no entries ` +
          "until 'feeds' has one",
      ),
    );
}

function alertsOf(of: string, causes: readonly string[]): readonly VerdictNote[] {
  return causes.length === 0 ? [] : [alertOf(of, causes.join("; "))];
}

/** One short phrase for operators: what keeps the book from entering, if anything. */
export function standingOf(trader: Trader): string {
  const scans = scanStanding(trader);
  if (scans?.isOff === true) {
    return `no decisions: scans are ${Math.round(Math.abs(scans.offsetMs) / MS_PER_SECOND)} s off`;
  }
  const barrier = entryBarrier(trader, 0)?.reason;
  if (barrier === "halted" || barrier === "bankrupt") return barrier;
  if (barrier === "latched") return `latched: ${trader.data.risk.latched.join(" ")}`;
  if (barrier === "posture_old") return `no entries: posture ${postureNow(trader)} is old`;
  if (barrier === "posture_stops_entries") return "no entries: the watchdog stopped them";
  if (barrier === "posture_unknown" || barrier === "posture_hibernate") {
    return `no entries: posture ${postureNow(trader)}`;
  }
  // Whether an input is old is checked at each entry, and reported with its refusal.
  return trader.strategy.isWarm() ? "running" : "warming";
}

/** JSON has no infinity. */
function finiteOr(ratio: number | null): number | null {
  return ratio === null ? null : Math.min(ratio, 1e9);
}

/** The counters that every book's beats begin with. */
export function bookCountersOf(state: PublishedState, lastIndex: number) {
  return {
    book: state.book,
    last_seq: state.lastSeq,
    last_scan_number: state.lastScanNumber,
    last_index: lastIndex,
    warm: state.warm ? "yes" : "no",
    posture: state.posture,
    positions: state.positions.length,
    no_price: state.positions
      .flatMap(({ asset, noPriceSinceMs }) => (noPriceSinceMs === null ? [] : [asset]))
      .join(" "),
    scan_offset_s: offsetS(state),
    margin_ratio: finiteOr(state.marginRatio),
    liquidations: state.liquidations,
    trades: state.tradesExecuted,
    equity: state.equity,
    cash: state.capital,
    realized_today: state.day.realized,
    decisions: state.scansProcessed,
  };
}
