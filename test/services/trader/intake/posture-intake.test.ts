/** Postures from Hazelcast and from the watchdog's own call enter a book's log in one order. */
import { expect, test } from "vitest";
import { stepTrader } from "../../../../src/domain/trading/trader.ts";
import { DAY_START_MS } from "../../../helpers/trading/random-day.ts";
import { scripted } from "../../../helpers/trading/scripted.ts";
import {
  PostureIntake,
  type PostureFact,
} from "../../../../src/services/trader/intake/posture-intake.ts";

function stage() {
  const { trader } = scripted();
  const clock = { ms: DAY_START_MS };
  const taken: string[] = [];
  const intake = new PostureIntake({
    trader,
    clock: { nowMs: () => clock.ms, monotonicMs: () => clock.ms },
    take(fact) {
      stepTrader(trader, { ...fact, index: trader.nextIndex, nowMs: clock.ms });
      taken.push(`${fact.posture}${fact.entries === "stop" ? " stop" : ""}`);
      return true;
    },
  });
  const fact = (posture: PostureFact["posture"], over: Partial<PostureFact> = {}): PostureFact => {
    return { kind: "posture", posture, asOfMs: clock.ms, source: "watchdog", ...over };
  };
  return { intake, clock, taken, fact };
}

test("the same posture by both ways is one event, and again after seconds", () => {
  const { intake, clock, taken, fact } = stage();
  for (let second = 0; second < 10; second += 1) {
    const one = fact("APEX");
    expect([intake.call(one), intake.hear(one)]).toEqual([true, true]);
    clock.ms += 1_000;
  }
  expect(taken).toEqual(["APEX", "APEX"]);
});

test("a stop counts at once, and what is older than it does not lift it", () => {
  const { intake, clock, taken, fact } = stage();
  const early = fact("APEX");
  intake.call(early);
  clock.ms += 1_000;
  intake.call(fact("APEX", { entries: "stop" }));
  intake.hear(early);
  clock.ms += 1_000;
  intake.hear(fact("HIBERNATE", { entries: "stop" }));
  intake.call(early);
  expect(taken).toEqual(["APEX", "APEX stop", "HIBERNATE stop"]);
});

test("a stranger's text in Hazelcast makes nothing unknown while the watchdog calls", () => {
  const { intake, clock, taken, fact } = stage();
  intake.call(fact("APEX"));
  const foreign = fact("UNKNOWN", { asOfMs: -Infinity });
  expect(intake.hear(foreign)).toBe(false);
  clock.ms += 10_000;
  expect(intake.hear(foreign)).toBe(true);
  expect(taken).toEqual(["APEX", "UNKNOWN"]);
});

test("the watchdog of another stack on the same Hazelcast lifts no stop of our own", () => {
  const { intake, clock, taken, fact } = stage();
  intake.call(fact("HIBERNATE"));
  for (let second = 0; second < 4; second += 1) {
    clock.ms += 1_000;
    expect(intake.hear(fact("APEX"))).toBe(false);
  }
  expect(taken).toEqual(["HIBERNATE"]);
  clock.ms += 1_000;
  intake.hear(fact("APEX"));
  expect(taken).toEqual(["HIBERNATE", "APEX"]);
});
