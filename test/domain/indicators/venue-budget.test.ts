import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  askVenue,
  FAILURES_MAX,
  unusedVenue,
  type Venue,
  venueAnswered,
  type VenueState,
} from "../../../src/domain/indicators/venue-budget.ts";

const VENUE: Venue = { name: "one", weightPerMinute: 30 };
const MINUTE_MS = 60_000;
const START_MS = 1_774_000_000_000;

const anyAsk = fc.record({
  afterMs: fc.integer({ min: 0, max: 5_000 }),
  weight: fc.integer({ min: 1, max: 40 }),
  answer: fc.constantFrom("well", "failed", "too_many"),
});

test("in no minute more is granted than what was saved and what refills, and nothing before its time", () => {
  fc.assert(
    fc.property(fc.array(anyAsk, { maxLength: 200 }), (asks) => {
      let state = unusedVenue(VENUE, START_MS);
      let nowMs = START_MS;
      let notBeforeMs = 0;
      const waits: number[] = [];
      const granted: { atMs: number; weight: number }[] = [];
      for (const { afterMs, weight, answer } of asks) {
        nowMs += afterMs;
        const grant = askVenue(state, VENUE, { weight, nowMs });
        if (grant.kind === "wait") {
          waits.push(grant.untilMs - nowMs);
          continue;
        }
        expect(nowMs).toBeGreaterThanOrEqual(notBeforeMs);
        granted.push({ atMs: nowMs, weight: Math.min(weight, VENUE.weightPerMinute) });
        const outcome =
          answer === "well"
            ? ({ kind: "well", used: null } as const)
            : answer === "failed"
              ? ({ kind: "failed" } as const)
              : ({ kind: "too_many", waitMs: 7_000 } as const);
        if (answer === "too_many") notBeforeMs = nowMs + 7_000;
        state = venueAnswered(grant.state, VENUE, { answer: outcome, nowMs });
      }
      expect(waits.filter((ms) => ms <= 0)).toEqual([]);
      for (const { atMs } of granted) {
        const inMinute = granted.filter((one) => atMs <= one.atMs && one.atMs < atMs + MINUTE_MS);
        const sum = inMinute.reduce((total, { weight }) => total + weight, 0);
        expect(sum).toBeLessThanOrEqual(2 * VENUE.weightPerMinute);
      }
    }),
  );
});

test("an open breaker lets one probe through at a time, and opens for longer after each that fails", () => {
  const fail = (state: VenueState, nowMs: number) =>
    venueAnswered(state, VENUE, { answer: { kind: "failed" }, nowMs });
  let state = unusedVenue(VENUE, START_MS);
  for (let n = 0; n < FAILURES_MAX; n += 1) state = fail(state, START_MS);
  expect(askVenue(state, VENUE, { weight: 1, nowMs: START_MS })).toMatchObject({
    kind: "wait",
    why: "circuit_open",
    untilMs: START_MS + 30_000,
  });
  const nowMs = START_MS + 30_000;
  const probe = askVenue(state, VENUE, { weight: 1, nowMs });
  if (probe.kind !== "granted") throw new Error(probe.why);
  // Beside it nobody else asks.
  expect(askVenue(probe.state, VENUE, { weight: 1, nowMs }).kind).toBe("wait");
  expect(fail(probe.state, nowMs).openUntilMs).toBe(nowMs + 60_000);
});

test("a state from far ahead, of a clock that was set, is not waited for", () => {
  const ahead = START_MS + 10 * 86_400_000;
  const state = { weight: 0, atMs: ahead, blockedUntilMs: ahead, failures: 9, openUntilMs: ahead };
  expect(askVenue(state, VENUE, { weight: 1, nowMs: START_MS }).kind).toBe("granted");
});

test("what its own header says is used up by others, too, waits for its next minute", () => {
  const venue: Venue = { ...VENUE, used: { header: "x-used", max: 100 } };
  const state = venueAnswered(unusedVenue(venue, START_MS), venue, {
    answer: { kind: "well", used: 100 },
    nowMs: START_MS,
  });
  expect(askVenue(state, venue, { weight: 1, nowMs: START_MS })).toMatchObject({
    why: "told_to_wait",
    untilMs: Math.ceil((START_MS + 1) / MINUTE_MS) * MINUTE_MS,
  });
});
