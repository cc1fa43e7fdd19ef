/** Published books are recorded with their time of publication; while Hazelcast is away, received books are. */
import { expect, test } from "vitest";
import type { BookRecorder, OfferedBook } from "../../../src/adapters/order-book/book-recorder.ts";
import { createBook } from "../../../src/domain/order-book/book.ts";
import { bookFeatures } from "../../../src/domain/order-book/features.ts";
import type { BoardBook } from "../../../src/services/order-book/book-board.ts";
import { createRecording } from "../../../src/services/order-book/recording.ts";
import { Publishing } from "../../../src/services/order-book/publishing.ts";
import { parsePushedMs } from "../../../src/wire/indicators/indicator-value.ts";

const START_MS = 1_774_396_800_000;

function begin(keepsAll: boolean) {
  const kept: OfferedBook[] = [];
  const offered: OfferedBook[] = [];
  const recorder: BookRecorder = {
    keep: (book) => void kept.push({ ...book }),
    offer: (book) => void offered.push({ ...book }),
    flush: () => Promise.resolve(),
    prune: () => Promise.resolve([]),
    state: () => ({ recorded: 0, lost: 0, trouble: null }),
    close: () => Promise.resolve(),
  };
  const recording = createRecording({ recorder, keepsAll, wallMs: () => 0, say: () => undefined });
  const texts: (readonly [string, string])[] = [];
  const books = ["AAA", "BBB"].map(bookOf);
  const telling = new Publishing({
    put(key, text) {
      texts.push([key, text]);
      return Promise.resolve();
    },
    by: { epoch: 1, instance: "here" },
    everyMs: 1_000,
    books: () => books,
    onAnswer: () => undefined,
    onPublished: (book, knownMs) => recording.published(book, knownMs),
    onFailure: (error) => expect.unreachable(String(error)),
  });
  const pass = async (afterMs: number) => {
    telling.tick({ nowMs: afterMs, passedMs: 500, wallMs: START_MS + afterMs });
    await Promise.resolve();
    await Promise.resolve();
  };
  return { kept, offered, recording, telling, texts, books, pass };
}

function bookOf(asset: string): BoardBook {
  const book = createBook();
  const times = { asOfMs: START_MS - 20, receivedMs: START_MS - 10, heardMs: 0 };
  return { asset, book, ...times, features: bookFeatures(book), source: "here", isFresh: true };
}

test("each published book is recorded with the time in its text, and no other", async () => {
  const { kept, texts, books, pass, recording } = begin(true);
  await pass(500);
  await pass(1_000);
  await pass(1_500);
  books[1]!.isFresh = true;
  recording.heard(books[1]!, true);
  await pass(2_000);
  const published = texts.filter(([key]) => key !== "ob_features_latest");
  expect(published.map(([key]) => key)).toEqual(["ob_AAA", "ob_BBB", "ob_BBB"]);
  expect(kept.map(({ knownMs }) => knownMs)).toEqual(
    published.map(([, text]) => parsePushedMs(text)),
  );
  expect(kept.map(({ asset }) => asset)).toEqual(["AAA", "BBB", "BBB"]);
});

test("with an interval of its own only some are kept; while nothing can be published, the received ones are", async () => {
  const { kept, offered, books, pass, recording } = begin(false);
  await pass(500);
  recording.heard(books[1]!, false);
  expect(kept).toEqual([]);
  expect(offered.map(({ asset, knownMs }) => [asset, knownMs - START_MS])).toEqual([
    ["AAA", 500],
    ["BBB", -10],
  ]);
});

test("as long as a book has to be published, or its text is under way, a check is due soon", async () => {
  const { telling, books, pass } = begin(true);
  expect(telling.isBehind()).toBe(true);
  for (let afterMs = 500; afterMs <= 3_000; afterMs += 500) await pass(afterMs);
  expect(telling.isBehind()).toBe(false);
  books[1]!.isFresh = true;
  expect(telling.isBehind()).toBe(true);
});
