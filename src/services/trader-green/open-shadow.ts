/**
 * Both books as they stood at an event of BLUE's log, and the log from there on: from the newest
 * snapshot that fits the log and the configurations, else from the beginning.
 */
import type { TradingLogReader } from "../../adapters/trading-journal/trading-log.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { type Comparison, createComparison } from "../../domain/trading/shadow/comparison.ts";
import { twinOf } from "../../domain/trading/shadow/twin-of.ts";
import { restoreFrom, type TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";
import { createTrader, type Trader } from "../../domain/trading/trader.ts";
import type { BookConfiguration } from "../../wire/trading/book-configuration.ts";
import type { ShadowSnapshot } from "../../wire/trading/shadow-snapshot.ts";

export type OpenedShadow = {
  readonly blue: Trader;
  readonly green: Trader;
  readonly comparison: Comparison;
  /** Of the last event that is in them; -1 for none. */
  readonly index: number;
  readonly nowMs: number;
  /** Tells what follows. */
  readonly reader: Pick<TradingLogReader, "poll" | "close">;
  readonly isAnew: boolean;
};

export type OpenShadowDeps = {
  readonly configurations: { readonly blue: BookConfiguration; readonly green: BookConfiguration };
  /** GREEN's own and the last promotion's, the one to be preferred first. */
  readonly snapshots: readonly ShadowSnapshot[];
  /** BLUE's oldest, for a log whose first days retention has deleted. */
  readonly oldestOfBlue: () => TraderSnapshot | null;
  /** BLUE's log from this event on. */
  readonly read: (fromIndex: number) => Pick<TradingLogReader, "poll" | "close">;
  readonly say: (level: "info" | "warn", line: string) => void;
};

/** @throws {Error} when BLUE's log can be folded from nowhere. */
export function openShadow(deps: OpenShadowDeps): OpenedShadow {
  for (const snapshot of deps.snapshots) {
    const opened = openAt(deps, snapshot);
    if (opened !== null) return opened;
  }
  return openAnew(deps);
}

function openAt(deps: OpenShadowDeps, snapshot: ShadowSnapshot): OpenedShadow | null {
  const { configurations, read, say } = deps;
  const { index, nowMs } = snapshot;
  const isSame =
    snapshot.blueHash === configurations.blue.hash &&
    snapshot.greenHash === configurations.green.hash;
  let books: Pick<OpenedShadow, "blue" | "green">;
  try {
    books = {
      blue: restoreFrom(configurations.blue.trader, snapshot.blue),
      green: restoreFrom(configurations.green.trader, snapshot.green),
    };
  } catch (error) {
    say("info", `the state after event ${index} is not gone on from: ${messageOf(error)}`);
    return null;
  }
  const reader = read(index);
  if (!isNext(reader, { index, nowMs })) {
    reader.close();
    say("warn", `BLUE's log has another event ${index} than the one that was taken, or none`);
    return null;
  }
  // What differed under other configurations says nothing of these.
  const comparison = isSame ? snapshot.comparison : createComparison();
  return { ...books, comparison, index, nowMs, reader, isAnew: false };
}

/** A log that a power cut took the end of may have gone on otherwise. */
function isNext(
  reader: Pick<TradingLogReader, "poll">,
  expected: { readonly index: number; readonly nowMs: number },
): boolean {
  try {
    for (const { index, nowMs } of reader.poll()) {
      return index === expected.index && nowMs === expected.nowMs;
    }
    return false;
  } catch (error) {
    if (codeOf(error) === "TRADING_JOURNAL_GONE") return false;
    throw error;
  }
}

function openAnew({ configurations, oldestOfBlue, read }: OpenShadowDeps): OpenedShadow {
  const { blue, green } = configurations;
  const whole = { comparison: createComparison(), index: -1, nowMs: 0, isAnew: true };
  const first = createTrader(blue.trader);
  if (isKept(read(first.nextIndex))) {
    const reader = read(first.nextIndex);
    return { ...whole, blue: first, green: createTrader(green.trader), reader };
  }
  const snapshot = oldestOfBlue();
  if (snapshot === null) {
    throw new Error("the first days of BLUE's log are gone, without a snapshot");
  }
  const restored = restoreFrom(blue.trader, snapshot);
  const reader = read(restored.nextIndex);
  return { ...whole, blue: restored, green: twinOf(restored, green.trader), reader };
}

function isKept(probe: Pick<TradingLogReader, "poll" | "close">): boolean {
  try {
    probe.poll().next();
    return true;
  } catch (error) {
    if (codeOf(error) === "TRADING_JOURNAL_GONE") return false;
    throw error;
  } finally {
    probe.close();
  }
}
