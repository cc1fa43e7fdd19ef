/** A worker's death is one incident: the ends of its services follow from it, whenever they are seen. */
import { expect, test } from "vitest";
import { watching } from "../../helpers/incidents/watching.ts";

const MINUTE = 60;
const KEEPS = "scan-bridge, trader-blue, health";

test.each([
  ["once the worker is seen to be gone", 0, false],
  ["before the worker is seen to be gone", -1, false],
  ["when another worker is there already", 8, false],
  ["right after a restart of the watchdog", 0, true],
  ["after a restart, when another worker is there already", 8, true],
])("of a worker's death is the end of its services, seen %s", (_, afterS, isRestarted) => {
  const engine = watching();
  engine.set({ "worker_process.scan.lost": false, "worker_process.scan.keeps": KEEPS });
  // Beyond the time in which a watchdog that has begun waits for causes.
  engine.pass(MINUTE);
  const ended = { "service.scan-bridge.crashed": true, "service.trader-blue.crashed": true };
  if (afterS < 0) {
    engine.restart();
    engine.set(ended);
    engine.pass(1);
  }
  engine.set({ "worker_process.scan.lost": true, "health.silent_s": 17 });
  engine.pass(1);
  if (isRestarted) engine.restart();
  engine.pass(Math.max(0, afterS - 1));
  if (0 < afterS) engine.set({ "worker_process.scan.lost": false, "health.silent_s": 1 });
  engine.set(ended);
  engine.pass(10);
  engine.set({
    "worker_process.scan.lost": false,
    "health.silent_s": 1,
    "service.scan-bridge.crashed": false,
    "service.trader-blue.crashed": false,
  });
  engine.pass(5 * MINUTE);
  const rules = engine.notified.map(({ rule, kind }) => `${kind} ${rule}`);
  expect(rules).toEqual(["fire worker_crash", "resolve worker_crash"]);
});
test("of another worker's death is no crash that goes on after it", () => {
  const engine = watching();
  engine.set({ "worker_process.scan.lost": true });
  engine.pass(MINUTE);
  engine.set({ "worker_process.scan.lost": false, "service.trader-blue.crashed": true });
  engine.pass(2 * MINUTE);
  expect(engine.notified.map(({ rule }) => rule)).toContain("process_crash");
});

test.each([
  ["a crash of what it keeps", "process_crash", { "service.trader-blue.crashed": true }, false],
  ["a crash of another's", "process_crash", { "service.mc-forewarner.crashed": true }, true],
  ["silence of the health that it keeps", "health_silent", { "health.silent_s": 17 }, false],
  ["no worker of its layer", "worker_down", { "worker.scan.up": false }, false],
  ["no worker of another layer", "worker_down", { "worker.batch.up": false }, true],
])("of a worker that stays away is %s", (_, rule, facts, isNotified) => {
  const engine = watching();
  engine.set({ "worker_process.scan.lost": true, "worker_process.scan.keeps": KEEPS });
  engine.pass(2 * MINUTE);
  engine.set(facts);
  engine.pass(MINUTE);
  expect(engine.notified.some((sent) => sent.rule === rule)).toBe(isNotified);
});

test("silences no health that another worker keeps", () => {
  const engine = watching();
  engine.set({ "worker_process.batch.lost": true, "worker_process.batch.keeps": "backtest" });
  engine.pass(MINUTE);
  engine.set({ "health.silent_s": 17 });
  engine.pass(MINUTE);
  expect(engine.notified.map(({ rule }) => rule)).toContain("health_silent");
});
