import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { senseDataAges } from "../../../src/domain/health/sensors/data-ages.ts";
import {
  feedObservations,
  hazelcastReadingOf,
} from "../../../src/operations/health/hazelcast-reading.ts";
import { watchedBy } from "../../../src/wire/health/watched.ts";
import { openIndicatorStage, START_MS } from "../indicators/stage.ts";

const HOUR_MS = 3_600_000;
const KEY = "exf_fear_greed";

test("a configured indicator is watched by its own budget, and is stale by as_of however often it is pushed", async () => {
  const { config } = loadConfig({
    env: {},
    cwd: import.meta.dirname,
    flags: { indicators: { fear_greed: {} } },
  });
  const { feeds } = watchedBy(config);
  expect(feeds.map(({ name }) => name)).toContain(KEY);
  // The time of all of them together says nothing of any.
  expect(feeds.map(({ key }) => key)).not.toContain("exf_latest");
  const stage = await openIndicatorStage();
  const observeAt = async (nowMs: number) => {
    stage.clock.nowMs = nowMs;
    const values = {
      feeds: new Map([[KEY, JSON.stringify(stage.valueOf(KEY))]]),
      heartbeats: new Map<string, unknown>(),
    };
    const reading = hazelcastReadingOf(values, "");
    return feedObservations(reading, { feeds, witnesses: [], atUs: nowMs * 1_000 }).find(
      ({ name }) => name === KEY,
    )!;
  };
  try {
    await stage.refresh("fear_greed");
    const fresh = await observeAt(START_MS);
    // A day and an hour, and two days and an hour: it changes once a day.
    expect(fresh).toMatchObject({ budgetS: 90_000, staleS: 176_400, isOurs: false });
    // The same again and again.
    const same = {
      value: "47",
      value_classification: "Neutral",
      timestamp: String(Date.parse("2026-03-25T00:00Z") / 1_000),
    };
    stage.venues.misbehave("/fng", { kind: "text", text: JSON.stringify({ data: [same] }) });
    stage.clock.nowMs = START_MS + 60 * HOUR_MS;
    await stage.refresh("fear_greed");
    const stuck = await observeAt(START_MS + 60 * HOUR_MS);
    expect(stuck.pushedAgeS).toBeLessThan(1);
    expect(stuck.asOfAgeS).toBeGreaterThan(stuck.staleS);
    expect(senseDataAges([stuck]).score).toBe(0);
    expect(senseDataAges([fresh]).score).toBe(1);
  } finally {
    await stage.close();
  }
});
