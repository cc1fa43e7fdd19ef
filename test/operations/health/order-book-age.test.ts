import { expect, test } from "vitest";
import { createBook } from "../../../src/domain/order-book/book.ts";
import { bookFeatures } from "../../../src/domain/order-book/features.ts";
import { feedTable } from "../../../src/domain/health/feeds.ts";
import { senseDataAges } from "../../../src/domain/health/sensors/data-ages.ts";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import {
  feedObservations,
  hazelcastReadingOf,
} from "../../../src/operations/health/hazelcast-reading.ts";
import { latestText } from "../../../src/wire/order-book/book-values.ts";

const NOW_MS = 1_774_396_800_000;
const NAME = "order book";

/** Of two books, one of which nobody trades: the newest is that of the feed. */
test.each([
  ["fresh", { asOfS: 0.2, pushedS: 0.1 }, 1],
  ["the same old book, pushed again and again", { asOfS: 45, pushedS: 0.1 }, 0],
  ["pushed no more", { asOfS: 45, pushedS: 44 }, 0],
  ["of a venue whose clock is ahead, pushed no more", { asOfS: -2, pushedS: 44 }, 0],
  ["late", { asOfS: 20, pushedS: 0.1 }, 0.5],
] as const)("order books that are %s", (_, { asOfS, pushedS }, score) => {
  const feeds = feedTable(Object.values(SERVICES), { posture: "nobody" });
  const bookOf = (asset: string, ageS: number) => {
    const book = createBook();
    const asOfMs = NOW_MS - ageS * 1_000;
    const known = { asset, asOfMs, receivedMs: asOfMs, book, source: "here" };
    return { ...known, features: bookFeatures(book) };
  };
  const pushed = { epoch: 1, instance: "here", pushedMs: NOW_MS - pushedS * 1_000 };
  const text = latestText([bookOf("AAA", asOfS), bookOf("BBB", 3_600)], pushed, "here");
  const reading = hazelcastReadingOf({ feeds: new Map([[NAME, text]]), heartbeats: new Map() }, "");
  const observations = feedObservations(reading, { feeds, witnesses: [], atUs: NOW_MS * 1_000 });
  const observed = observations.find(({ name }) => name === NAME)!;
  expect(observed.pushedAgeS).toBeCloseTo(pushedS, 3);
  expect(observed.asOfAgeS).toBeCloseTo(asOfS, 3);
  expect(senseDataAges([observed]).score).toBe(score);
});
