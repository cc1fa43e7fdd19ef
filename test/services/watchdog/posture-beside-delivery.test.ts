/** Whatever happens to delivery, the posture is published in every round. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { monotonicMs, wallMs } from "../../../src/adapters/clock.ts";
import { POSTURE_RULES } from "../../../src/domain/safety/posture-rules.ts";
import { CAUTIOUS } from "../../../src/domain/safety/step-posture.ts";
import { runDuties } from "../../../src/services/watchdog/duty.ts";
import { PostureLoop } from "../../../src/services/watchdog/posture-loop.ts";
import { startDelivery } from "../../../src/services/watchdog/start-delivery.ts";
import { until } from "../../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

/** A published state, and how often. */
function loopThatCounts() {
  const asked = { count: 0 };
  const loop = new PostureLoop({
    found: { kept: CAUTIOUS, how: "" },
    rules: POSTURE_RULES,
    isTraderWanted: true,
    isHealthWanted: false,
    tellTrader: async () => {
      asked.count += 1;
      return null;
    },
    readHealth: () => null,
    readForewarn: () => null,
    publish: async () => undefined,
    save: () => undefined,
    audit: () => undefined,
    now: () => ({ monotonicMs: monotonicMs(), wallMs: wallMs() }),
    say: () => undefined,
  });
  return { loop, asked };
}

test.each(["hanging", "greedy"])(
  "a delivery thread that is %s is followed by another, and rounds go on meanwhile",
  async (what) => {
    const dir = makeTemporaryDirectory("beside-delivery");
    onTestFinished(() => removeTemporaryDirectory(dir));
    const { loop, asked } = loopThatCounts();
    const delivery = startDelivery({
      file: join(dir, "incidents.sqlite"),
      channels: {},
      entry: new URL(`../../helpers/alerts/${what}-delivery.ts`, import.meta.url),
      hungAfterMs: 500,
      say: () => undefined,
      acknowledge: () => "",
    });
    const duty = {
      name: "delivery",
      everyMs: 50,
      act: () => delivery.poll(),
      standing: () => "",
      close: () => delivery.stop(),
    };
    const duties = runDuties([duty], () => undefined);
    onTestFinished(() => duties.close());
    const timer = setInterval(() => void loop.round(), 20);
    onTestFinished(() => clearInterval(timer));
    const before = asked.count;
    await until(() => delivery.state().restarts > 0, { ms: 60_000, tell: () => "no other thread" });
    expect(asked.count).toBeGreaterThan(before + 5);
  },
);

test("a duty that throws, or never ends, is said and keeps no other", async () => {
  const done = { count: 0 };
  const failures: string[] = [];
  const common = { everyMs: 10, standing: () => "", close: () => undefined };
  const duties = runDuties(
    [
      {
        ...common,
        name: "thrower",
        act() {
          throw new Error("no");
        },
      },
      { ...common, name: "sleeper", act: () => new Promise<void>(() => undefined) },
      {
        ...common,
        name: "worker",
        act() {
          done.count += 1;
        },
      },
    ],
    (name) => failures.push(name),
  );
  onTestFinished(() => duties.close());
  await until(() => done.count > 3 && failures.length > 1, { ms: 10_000, tell: () => "stuck" });
  expect(new Set(failures)).toEqual(new Set(["thrower"]));
});
