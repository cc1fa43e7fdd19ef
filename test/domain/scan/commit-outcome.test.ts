import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  committedSeq,
  decideOutcome,
  EPOCH_MAX,
  highestBorneOut,
  isBeyondCount,
  type CommitMarker,
  nextEpoch,
  SEQ_MAX,
} from "../../../src/domain/scan/commit-outcome.ts";
import {
  encodeCheckpoint,
  encodeDone,
  parseCheckpoint,
  parseDone,
} from "../../../src/wire/scan-value.ts";

const MINE: CommitMarker = { epoch: 5, instance: "me", seq: 100 };
const at = (seq: number, epoch = 5, instance = "me"): CommitMarker => ({ epoch, instance, seq });

test.each<[string, CommitMarker | null, CommitMarker | null, string]>([
  ["my batch stands in the checkpoint", at(100), at(90), "committed"],
  ["my scan stands in latest", at(64), at(100), "committed"],
  ["the one before stands there", at(64), at(99), "resend"],
  ["an older bridge's values stand there", at(64, 4, "old"), at(99, 4, "old"), "resend"],
  ["an older bridge had the same seq", at(100, 4, "old"), at(99), "committed"],
  ["a newer bridge took the checkpoint", at(99, 6, "new"), at(99), "fenced"],
  ["a newer bridge took latest", at(99), at(99, 6, "new"), "fenced"],
  ["another of my epoch", at(99, 5, "twin"), at(99), "fenced"],
  ["a newer bridge committed my seq", at(100, 6, "new"), null, "fenced"],
  ["nothing is left", null, null, "emptied"],
  ["latest alone is left", null, at(99), "emptied"],
  ["latest was removed", at(64), null, "resend"],
  ["a stranger's seq is above all that I gave", at(64), at(5_100), "resend"],
  ["a stranger's epoch is beyond any number of starts", at(64), at(99, 1e12, "else"), "resend"],
])("%s", (_what, checkpoint, latest, kind) => {
  expect(decideOutcome(MINE, { checkpoint, latest }).kind).toBe(kind);
});

const marker = fc.option(
  fc.record({
    epoch: fc.nat(9),
    instance: fc.constantFrom("me", "other"),
    seq: fc.nat(200),
  }),
);

test("a start's epoch is above all that is known, and nothing committed is forgotten", () => {
  fc.assert(
    fc.property(marker, marker, fc.nat(9), (checkpoint, latest, journalEpoch) => {
      const view = { checkpoint, latest };
      const epoch = nextEpoch(view, journalEpoch);
      expect(epoch).toBe(Math.max(journalEpoch, checkpoint?.epoch ?? 0, latest?.epoch ?? 0) + 1);
      expect(committedSeq(view)).toBe(Math.max(checkpoint?.seq ?? 0, latest?.seq ?? 0));
      // No bridge of an older epoch goes on beside one that has started.
      const mine = { epoch: epoch ?? 0, instance: "me", seq: 0 };
      const older = { epoch: mine.epoch - 1, instance: "older", seq: 1 };
      expect(decideOutcome(older, { checkpoint: mine, latest: null }).kind).toBe("fenced");
    }),
  );
});

const FAR = 1_000_000_000;
test.each<[string, number, readonly number[], number]>([
  ["nothing is told", 7, [], 7],
  ["it goes on from what is known", 100, [103, 101, 102], 103],
  ["a stranger's seq is far above", 100, [101, FAR], 101],
  ["told twice it is no better", 100, [FAR, 101, FAR], 101],
  ["what others bear out counts, though markers were lost", 10, [5_000, 5_001, FAR, 5_003], 5_003],
  ["lower ones change nothing", 100, [1, 2, 3], 100],
])("of the seqs that Hazelcast has: %s", (_what, known, seqs, highest) => {
  expect(highestBorneOut(known, seqs)).toBe(highest);
});

test.each([1, 7, EPOCH_MAX - 1e9, EPOCH_MAX - 5])(
  "what starts after epoch %i take, whatever stands in Hazelcast, can be read again",
  (journalEpoch) => {
    const near = fc.integer({ min: -3, max: 3 });
    const epochs = fc.oneof(
      near.map((n) => EPOCH_MAX + n),
      near.map((n) => EPOCH_MAX - 1e9 + n),
      fc.nat(9),
    );
    fc.assert(
      fc.property(epochs, (claimed) => {
        const found = parseCheckpoint(
          encodeCheckpoint({ ...MINE, epoch: claimed, from: 1, files: [], late: [] }),
        );
        const epoch = nextEpoch({ checkpoint: found, latest: null }, journalEpoch);
        const own = { ...MINE, epoch: epoch ?? 0, from: 1, files: [], late: [] };
        expect(parseCheckpoint(encodeCheckpoint(own))).toEqual(own);
        // There is none only for a journal that has come to the limit itself.
        expect(epoch !== null || journalEpoch === EPOCH_MAX - 5).toBe(true);
      }),
    );
  },
);

test.each([EPOCH_MAX, 1e15, Number.NaN])("a journal of epoch %d has no next one", (epoch) => {
  expect(nextEpoch({ checkpoint: null, latest: null }, epoch)).toBeNull();
});

test.each([Number.MAX_SAFE_INTEGER, SEQ_MAX + 1])("seq %i is a stranger's", (seq) => {
  const checkpoint = { epoch: 1, instance: "me", from: 1, seq, files: [], late: [] };
  expect(parseCheckpoint(encodeCheckpoint(checkpoint))).toBeNull();
  expect(parseDone(encodeDone({ seq, hash: "0".repeat(64) }))).toBeNull();
  expect([isBeyondCount(SEQ_MAX), isBeyondCount(1e9)]).toEqual([true, false]);
});
