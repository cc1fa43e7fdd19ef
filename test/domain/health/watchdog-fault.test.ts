/** The safety watchdog in the diagnosis: no process of ours keeps it, and the posture's feed depends on it. */
import { expect, test } from "vitest";
import { diagnose } from "../../../src/domain/health/diagnose.ts";
import { feedTable } from "../../../src/domain/health/feeds.ts";
import { healthGraph } from "../../../src/domain/health/graph.ts";
import type { HealthSample } from "../../../src/domain/health/sample.ts";
import { SENSOR_NAMES } from "../../../src/domain/health/sample.ts";

const NO_READING = { score: null, parts: [] };

test("a watchdog that does not answer is a root that nobody of ours mends, and its old posture follows from it", () => {
  const feeds = feedTable([], { posture: "watchdog" });
  const reason = "it has not answered for 12 s";
  const sample: HealthSample = {
    atUs: 1_000_000,
    sensors: {
      m1_proc: NO_READING,
      m2_heartbeat: NO_READING,
      m3_data_freshness: NO_READING,
      m4_control_plane: NO_READING,
      m5_coherence: NO_READING,
    },
    services: [
      {
        name: "watchdog",
        isWanted: true,
        phase: "absent",
        verdict: { word: "Down", cause: "process", action: "none", reason },
        restarts: null,
        beatAgeS: 12,
      },
    ],
    dependencies: { hazelcast: "ok" },
    said: {},
    feeds: [{ name: "safety", ageS: 40, budgetS: 30, isOurs: true }],
  };
  expect(Object.keys(sample.sensors)).toEqual([...SENSOR_NAMES]);
  const { roots, symptoms } = diagnose(sample, healthGraph([], feeds));
  expect(roots).toMatchObject([{ id: "process:watchdog", remedy: { kind: "none" } }]);
  expect(symptoms).toMatchObject([{ subject: "safety", of: "process:watchdog" }]);
});
