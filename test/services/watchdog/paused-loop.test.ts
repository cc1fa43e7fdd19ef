/** A watchdog that was paused received nothing meanwhile: that does not count as silence of others. */
import { expect, test } from "vitest";
import { POSTURE_RULES } from "../../../src/domain/safety/posture-rules.ts";
import { CAUTIOUS } from "../../../src/domain/safety/step-posture.ts";
import { PostureLoop } from "../../../src/services/watchdog/posture-loop.ts";

const SILENT_S = 15;

/** Rounds of half a second, by the test's own clock; health reports every five seconds. */
function loopInTime() {
  let nowMs = 1_000_000;
  let reportedMs = nowMs;
  let pauseInPollMs = 0;
  const loop = new PostureLoop({
    found: { kept: CAUTIOUS, how: "" },
    rules: POSTURE_RULES,
    isTraderWanted: false,
    isHealthWanted: true,
    tellTrader: async () => {
      nowMs += pauseInPollMs;
      pauseInPollMs = 0;
      return null;
    },
    readHealth: () => ({ word: "GREEN", evidence: "", ageMs: nowMs - reportedMs, scores: [1] }),
    readForewarn: () => null,
    publish: async () => undefined,
    save: () => undefined,
    audit: () => undefined,
    now: () => ({ monotonicMs: nowMs, wallMs: nowMs }),
    say: () => undefined,
  });
  const pass = async (seconds: number, isHealthThere: boolean) => {
    for (let round = 0; round < seconds * 2; round += 1) {
      nowMs += 500;
      if (isHealthThere && 5_000 <= nowMs - reportedMs) reportedMs = nowMs;
      await loop.round();
    }
  };
  return {
    pass,
    silentS: () => loop.facts()["health.silent_s"],
    pause: (seconds: number) => (nowMs += seconds * 1_000),
    pauseInPoll: (seconds: number) => (pauseInPollMs = seconds * 1_000),
  };
}

test("after a pause of the whole machine health is not silent before it could report", async () => {
  const { pass, pause, silentS } = loopInTime();
  await pass(60, true);
  pause(100);
  // An alert may be judged before the first round.
  expect(silentS()).toBeNull();
  // Its next sample takes almost twice as long as usual.
  await pass(9, false);
  expect(silentS()).toBeLessThan(SILENT_S);
  await pass(60, true);
  expect(silentS()).toBeLessThan(SILENT_S);
});

test("a pause within a check is excused as well", async () => {
  const { pass, pauseInPoll, silentS } = loopInTime();
  await pass(60, true);
  pauseInPoll(100);
  await pass(1, false);
  expect(silentS()).toBeLessThan(SILENT_S);
});

test("health that reports nothing after a pause is silent", async () => {
  const { pass, pause, silentS } = loopInTime();
  await pass(60, true);
  pause(100);
  await pass(25, false);
  expect(silentS()).toBeGreaterThan(SILENT_S);
});
