import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  committedSeq,
  decideOutcome,
  type Marker,
  nextEpoch,
} from "../../../src/domain/scan/commit-outcome.ts";

const MINE: Marker = { epoch: 5, instance: "me", seq: 100 };
const at = (seq: number, epoch = 5, instance = "me"): Marker => ({ epoch, instance, seq });

test.each<[string, Marker | null, Marker | null, string]>([
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
      const older = { epoch: epoch - 1, instance: "older", seq: 1 };
      const mine = { epoch, instance: "me", seq: 0 };
      expect(decideOutcome(older, { checkpoint: mine, latest: null }).kind).toBe("fenced");
    }),
  );
});
