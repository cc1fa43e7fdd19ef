/**
 * What a run of a recorded day knows, and from which time on: from the separate record, else as the book received it.
 */
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ReadingsStore, readingsPath } from "../../../src/adapters/indicators/readings-store.ts";
import { booksFolder } from "../../../src/adapters/order-book/book-archive.ts";
import { beginRecordedDay, takeRecorded } from "../../../src/domain/backtest/drift/recorded-day.ts";
import type { TraderEvent } from "../../../src/domain/trading/events.ts";
import { defineStrategy } from "../../../src/domain/trading/strategy.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { booksAsKnown, readingsAsKnown } from "../../../src/operations/replay/day-readings.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { PLAIN_STRATEGY } from "../../helpers/trading/plain-strategy.ts";
import { CONFIGURATION, DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { knownBook, putBooks } from "../../helpers/trading/recorded-levels.ts";
import type { Unstamped } from "../../helpers/trading/scripted.ts";

const DAY = new Date(DAY_START_MS).toISOString().slice(0, 10);
const dir = makeTemporaryDirectory("day-readings");
afterAll(() => removeTemporaryDirectory(dir));

const strategy = defineStrategy<Record<string, never>, Record<string, never>>({
  ...PLAIN_STRATEGY,
  name: "listener",
  inputs: ["scan", "exf_funding", "book"],
  decide: () => null,
});
const minute = (at: number) => DAY_START_MS + at * 60_000;

/** Received at the ends of these minutes. */
function recordedDay(heard: readonly (readonly [number, Unstamped])[], bookBudgetMs = 1) {
  const ageBudgetsMs = { scan: 1, posture: 1, exf_funding: 1, book: bookBudgetMs };
  const day = beginRecordedDay(createTrader({ ...CONFIGURATION, strategy, ageBudgetsMs }));
  const log = heard.map(([at, fact], nth): TraderEvent => ({
    ...fact,
    index: nth + 1,
    nowMs: minute(at),
  }));
  for (const event of log) takeRecorded(day, event);
  return { day, log };
}

const rate = (value: number, asOf: number) =>
  ({ kind: "feature", name: "exf_funding", value, asOfMs: minute(asOf) }) as const;

test("a rate takes effect when it became known, whenever it was true and was heard; postures as before", () => {
  const { day: recorded } = recordedDay([
    [10, rate(1, 8)],
    [10, { kind: "feature", name: "weather.heat", value: 30, asOfMs: minute(2) }],
    [11, { kind: "posture", posture: "APEX", asOfMs: minute(5), source: "test" }],
    [31, rate(2, 28)],
  ]);
  const dataDir = join(dir, "rates");
  const about = { recorded, day: DAY, dataDir };
  const rows = () =>
    readingsAsKnown(about)
      .toSorted((one, other) => one.takesEffectMs - other.takesEffectMs)
      .map(({ takesEffectMs, event }) => [
        (takesEffectMs - DAY_START_MS) / 60_000,
        event.kind === "feature" ? `${event.name} ${event.value}` : event.kind,
      ]);
  expect(rows()).toEqual([
    [5, "posture"],
    [10, "exf_funding 1"],
    [10, "weather.heat 30"],
    [31, "exf_funding 2"],
  ]);
  const store = new ReadingsStore(readingsPath(dataDir), { readonly: false });
  for (const [known, value, asOf] of [
    [-90, 7, -91],
    [-60, 8, -61],
    [9, 1, 8],
    [20, 3, 18],
    [30, 2, 28],
  ] as const) {
    // prettier-ignore
    const of = { unit: "", source: "test", sourceHash: "", note: null, isOwn: true };
    const fetchedUs = minute(known) * 1_000;
    const series = "funding.BTCUSDT";
    const ids = store.record([{ series, value, asOfMs: minute(asOf), fetchedUs, ...of }], 0);
    store.markPushed(ids, fetchedUs);
  }
  store.close();
  // Readings that the book never received are included: they are a difference. Of those before its first event the
  // newest is enough.
  expect(rows().filter(([, what]) => !String(what).includes("BTCUSDT"))).toEqual([
    [5, "posture"],
    [9, "exf_funding 1"],
    [10, "weather.heat 30"],
    [20, "exf_funding 3"],
    [30, "exf_funding 2"],
  ]);
});

test("books are those that were recorded of the day, and where none were, those of the log", () => {
  const levels = { bids: [99, 1], asks: [101, 1] };
  const heard = [
    [10, { kind: "book", asset: "AAA", asOfMs: minute(9), ...levels }],
    // Taken with the scan that it waited for: it was known when it was published.
    [20, { kind: "book", asset: "AAA", asOfMs: minute(19), knownMs: minute(19.5), ...levels }],
  ] as const;
  const { day: recorded, log } = recordedDay(heard);
  const dataDir = join(dir, "books");
  const untilOf = (day: typeof recorded, ...minutes: number[]) => {
    const newest = booksAsKnown({ recorded: day, day: DAY, dataDir }, () => log);
    return minutes.map((at) =>
      newest(minute(at)).map(({ asOfMs }) => (asOfMs - minute(0)) / 60_000),
    );
  };
  const until = (...minutes: number[]) => untilOf(recorded, ...minutes);
  expect(until(9.9, 10, 19.4, 19.5, 25)).toEqual([[], [9], [], [19], []]);
  putBooks(booksFolder(dataDir), [
    knownBook("AAA", minute(8), levels, minute(7)),
    knownBook("AAA", minute(12), levels, minute(11)),
    knownBook("AAA", minute(13), levels, minute(12)),
    // The book was never fed this one.
    knownBook("BBB", minute(14), levels, minute(14)),
  ]);
  // What was published longer before the day's first event than the age budget is too old by then.
  expect(until(7.9, 8, 13, 25)).toEqual([[], [], [12], []]);
  const { day: patient } = recordedDay(heard, 2 * 60_000);
  expect(untilOf(patient, 7.9, 8, 13, 25)).toEqual([[], [7], [12], []]);
});
