/**
 * The inputs besides scans for a run of a recorded day, and when each became known: from the stores of indicators and
 * order books, or where these have nothing, as the book itself received them.
 */
import type { RecordedBook } from "../../domain/backtest/backtest-run.ts";
import { booksSoFar } from "../../domain/backtest/books-so-far.ts";
import type { NewestBooks } from "../../domain/backtest/drift/archived-day.ts";
import type { RecordedReading, RecordedDay } from "../../domain/backtest/drift/recorded-day.ts";
import { MS_PER_DAY } from "../../domain/time.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { readingsPath } from "../../adapters/indicators/readings-store.ts";
import { booksFolder, readPublishedBooks } from "../../adapters/order-book/book-archive.ts";
import { recordedBook } from "../backtest/recorded/books-as-recorded.ts";
import { openRecorded } from "../backtest/recorded/features-as-recorded.ts";
import { knownBeforeMs } from "../backtest/recorded/known-before.ts";

type Of = {
  readonly recorded: RecordedDay;
  readonly day: string;
  readonly dataDir: string;
};

/** The day's readings, with those of the store in the place of those that it has. */
export function readingsAsKnown({ recorded, day, dataDir }: Of): RecordedReading[] {
  const heard = recorded.readings;
  const names = heard.flatMap(({ event }) => (event.kind === "feature" ? [event.name] : []));
  const inputs = [...new Set([...recorded.trader.strategy.inputs, ...names])];
  const { ageBudgetsMs: budgetsMs } = recorded.trader.configuration;
  const store = openRecorded({ from: day, readings: readingsPath(dataDir), inputs, budgetsMs });
  try {
    const stored = store.until(Date.parse(`${day}T00:00:00Z`) + MS_PER_DAY);
    const kept = new Set(stored.map(({ name }) => name));
    // Of the readings known when the day began only the newest matters.
    const before = new Map<string, RecordedReading>();
    const after: RecordedReading[] = [];
    for (const { name, value, asOfMs, knownMs } of stored) {
      const event = { kind: "feature" as const, index: 0, nowMs: knownMs, name, value, asOfMs };
      const reading = { takesEffectMs: knownMs, event };
      if (recorded.beganMs < knownMs) after.push(reading);
      else before.set(name, reading);
    }
    const others = heard.filter(({ event }) => event.kind !== "feature" || !kept.has(event.name));
    return [...others, ...before.values(), ...after];
  } finally {
    store.close();
  }
}

/** From the recorded books, or where the day has none from `events`, the book's log. */
export function booksAsKnown(
  { recorded, day, dataDir }: Of,
  events: () => Iterable<TraderEvent>,
): NewestBooks {
  if (recorded.trader.declaredBooks === null) return () => [];
  const folder = booksFolder(dataDir);
  const { configuration, strategy } = recorded.trader;
  const beforeMs = knownBeforeMs(configuration.ageBudgetsMs, strategy.inputs);
  const period = {
    fromMs: recorded.beganMs - beforeMs,
    toMs: Date.parse(`${day}T00:00:00Z`) + MS_PER_DAY,
  };
  const wanted = () => {
    const isHeard = heardBy(recorded);
    return readPublishedBooks(folder, null, period).filter(({ asset }) => isHeard(asset));
  };
  const isThere = wanted().next().done !== true;
  if (!isThere) return booksSoFar(booksIn(events()), ({ knownMs }) => knownMs);
  const newestBy = booksSoFar(wanted(), ({ knownMs }) => knownMs);
  return (toMs) => newestBy(toMs).map(recordedBook);
}

/** Only assets of which this book gets order books: others would make a difference that is not real. */
function heardBy({ trader }: RecordedDay): (asset: string) => boolean {
  const { declaredBooks, data } = trader;
  if (declaredBooks !== "each") return (asset) => declaredBooks?.has(asset) === true;
  return (asset) => data.books?.has(asset) === true;
}

function* booksIn(events: Iterable<TraderEvent>): Generator<RecordedBook> {
  for (const event of events) {
    if (event.kind !== "book") continue;
    const { asset, asOfMs, bids, asks, nowMs, knownMs = nowMs } = event;
    yield { asset, asOfMs, bids, asks, knownMs };
  }
}
