/** Which values of a feed reach a book, and before which scan. */
import { expect, test } from "vitest";
import { createBook } from "../../../../src/domain/order-book/book.ts";
import { bookFeatures } from "../../../../src/domain/order-book/features.ts";
import { FeedIntake, type Offer } from "../../../../src/services/trader/intake/feed-intake.ts";
import { type FeedFact, feedNamed } from "../../../../src/wire/feeds/feeds.ts";
import { mergedIndicator } from "../../../../src/wire/indicators/indicator-values.ts";
import { bookText } from "../../../../src/wire/order-book/book-values.ts";

const START_MS = 1_774_396_800_000;

/** Books are published this long after the start, and received at once or `heardMs` after it. */
function begin(feed = "ob_BTCUSDT") {
  const log: number[] = [];
  const clock = { afterMs: 0, isFull: false };
  const take = (fact: FeedFact): boolean => {
    if (!clock.isFull) log.push(fact.asOfMs - START_MS);
    return !clock.isFull;
  };
  const intake = new FeedIntake({
    feed: feedNamed(feed)!,
    read: () => Promise.resolve(standing),
    isKnown: () => false,
    take,
    budgetMs: 10_000,
    clock: { nowMs: () => START_MS + clock.afterMs, monotonicMs: () => clock.afterMs },
    say: () => undefined,
  });
  let standing: unknown = null;
  const tell = (pushedMs: number, heardMs = pushedMs) => {
    clock.afterMs = heardMs;
    standing = textOf(pushedMs);
    intake.hear(standing);
  };
  const accept = (offer: Offer | null) => {
    if (offer?.facts.every(take) === true) intake.taken(offer);
  };
  const scan = (ofMs: number) => accept(intake.known(START_MS + ofMs));
  const takeOld = () => accept(intake.old());
  return { log, clock, intake, tell, scan, takeOld };
}

function textOf(afterMs: number): string {
  const book = createBook();
  for (const [side, price] of [
    [book.bids, 99],
    [book.asks, 101],
  ] as const) {
    side.prices[0] = price;
    side.sizes[0] = 1;
    side.count = 1;
  }
  const pushedMs = START_MS + afterMs;
  const known = { asset: "BTCUSDT", asOfMs: pushedMs, receivedMs: pushedMs, book };
  const state = { ...known, features: bookFeatures(book), source: "here" };
  return bookText(state, { epoch: 1, instance: "here", pushedMs });
}

test("a book is taken before the first scan that is not older than its telling, and no other is", () => {
  const { log, tell, scan } = begin();
  for (const pushedMs of [100, 1_100, 2_100]) tell(pushedMs);
  expect(log).toEqual([]);
  scan(99);
  expect(log).toEqual([]);
  scan(2_099);
  expect(log).toEqual([1_100]);
  scan(2_100);
  scan(2_200);
  expect(log).toEqual([1_100, 2_100]);
});

test("what waits for no scan of its time is taken all the same, at the pace of its feed", () => {
  const { log, clock, tell, takeOld } = begin();
  const ahead = 3_600_000;
  for (const heardMs of [100, 1_100]) tell(ahead + heardMs, heardMs);
  clock.afterMs = 2_000;
  takeOld();
  expect(log).toEqual([]);
  clock.afterMs = 3_200;
  takeOld();
  expect(log).toEqual([ahead + 1_100]);
  tell(ahead + 3_300, 3_300);
  clock.afterMs = 5_300;
  takeOld();
  expect(log).toEqual([ahead + 1_100, ahead + 3_300]);
});

test("what the journal could not take comes again, and a read brings what was not received", async () => {
  const { log, clock, tell, scan, intake } = begin();
  tell(100);
  clock.isFull = true;
  scan(200);
  clock.isFull = false;
  scan(300);
  expect(log).toEqual([100]);
  await intake.poll();
  scan(400);
  expect(log).toEqual([100]);
});

test("a flood holds no more than its newest, and is taken at the pace of its feed where no scan comes", () => {
  const { log, tell, scan, takeOld } = begin();
  for (let at = 0; at < 10_000; at += 10) tell(at);
  scan(10_000);
  expect(log).toEqual([9_950]);
  // The shortest pace that a streamer can have, and the trader's ticks.
  for (let at = 10_100; at <= 20_000; at += 100) {
    tell(at);
    if (at % 1_000 === 0) takeOld();
  }
  expect(log).toEqual([9_950, 11_000, 13_000, 15_000, 17_000]);
});

test("a value without a time of publication leaves nothing older behind it", () => {
  const { log, clock, tell, scan, intake } = begin();
  tell(100);
  clock.afterMs = 3_000;
  intake.hear(textOf(3_000).replace("_pushed_at", "_pushed"));
  expect(log).toEqual([3_000]);
  scan(4_000);
  expect(log).toEqual([3_000]);
});

test("an indicator of as many symbols as there may be is taken, with the details of each", () => {
  const { log, intake, scan } = begin("exf_funding");
  const symbols = Array.from({ length: 50 }, (_, nth) => `S${nth}USDT`);
  const about = {
    unit: "",
    source: "here",
    sourceHash: "",
    fetchedUs: 0,
    nextMs: null,
    note: "long".repeat(500),
  };
  const { text } = mergedIndicator(null, {
    name: "funding",
    values: symbols.flatMap((label) =>
      [label, `${label}.interval_h`].map((one) => ({
        label: one,
        value: 8,
        asOfMs: START_MS,
        ...about,
      })),
    ),
    first: "S0USDT",
    pace: { warnS: 1, staleS: 1 },
    pushedUs: START_MS * 1_000,
  });
  expect(text?.length).toBeGreaterThan(200_000);
  intake.hear(text);
  expect(intake.counts.unreadable).toBe(0);
  scan(0);
  expect(log).toHaveLength(101);
});
