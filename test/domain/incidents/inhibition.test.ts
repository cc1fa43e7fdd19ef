/** An outage inhibits only what depends on it. */
import { describe, expect, test } from "vitest";
import type { FactTable } from "../../../src/domain/incidents/facts.ts";
import { BUILT_IN_RULES } from "../../../src/domain/incidents/rules/built-in-rules.ts";
import { rulesFrom } from "../../../src/wire/alerts/rule-settings.ts";
import { watching } from "../../helpers/incidents/watching.ts";

const UNKNOWN = { unknown: "nobody tells" };

function lost(...names: readonly string[]): FactTable {
  return Object.fromEntries(names.map((name) => [name, UNKNOWN]));
}

function without(layer: string): FactTable {
  return { [`worker.${layer}.up`]: false };
}

/** The subjects of `no_data` that are notified, three minutes after the cause and the loss. */
function notifiedOf(rules: typeof BUILT_IN_RULES, facts: FactTable): readonly string[] {
  const engine = watching({ rules });
  // Longer than a watchdog that has begun waits for causes.
  engine.pass(20);
  engine.set(facts);
  engine.pass(180);
  return engine.notified.filter(({ rule }) => rule === "no_data").map(({ subject }) => subject);
}

describe("that a rule cannot be judged", () => {
  test.each([
    ["no worker of batch, no age of scans", without("batch"), ["feed.scan.age_s"], true],
    ["no worker of indicators, no age of scans", without("indicators"), ["feed.scan.age_s"], true],
    ["no worker of scan, no age of scans", without("scan"), ["feed.scan.age_s"], false],
    ["no worker of health, no age of scans", without("health"), ["feed.scan.age_s"], false],
    ["no worker of scan, no word of the disk", without("scan"), ["disk.data.free_mb"], true],
    ["no Temporal, no word of the disk", { "temporal.up": false }, ["disk.data.free_mb"], true],
    ["no Hazelcast, no word of the disk", { "hazelcast.up": false }, ["disk.data.free_mb"], true],
    ["no Hazelcast, no age of scans", { "hazelcast.up": false }, ["feed.scan.age_s"], false],
    ["no Temporal, no age of scans", { "temporal.up": false }, ["feed.scan.age_s"], true],
    ["no Temporal, no word of a worker", { "temporal.up": false }, ["worker.scan.up"], false],
    ["silent health, no word of Temporal", { "health.silent_s": 20 }, ["temporal.up"], false],
    ["silent health, no word of the disk", { "health.silent_s": 20 }, ["disk.data.free_mb"], true],
  ] as const)("with %s", (_, cause, names, isNotified) => {
    const notified = notifiedOf(BUILT_IN_RULES, {
      "worker.scan.up": true,
      ...lost(...names),
      // The disk is judged by either of its facts.
      ...(names[0] === "disk.data.free_mb" ? lost("disk.data.free_share") : {}),
      ...cause,
    });
    expect(notified.length === 1).toBe(isNotified);
  });

  test("of a user is excused by the layer of the service that it asks, and by no other", () => {
    const rules = rulesFrom({ few: { when: "service.scan-bridge.assets < 40" } });
    const facts = lost("service.scan-bridge.assets");
    expect(notifiedOf(rules, { ...facts, ...without("batch") })).toEqual(["few"]);
    expect(notifiedOf(rules, { ...facts, ...without("scan") })).toEqual([]);
  });
});

test.each([
  ["disk.data.free_mb < 9000", []],
  ["posture == 'TURTLE'", []],
  ["trader.BLUE.positions > 3", ["worker_down"]],
  ["service.scan-bridge.rss_mb > 90", ["worker_down", "process_crash@same"]],
  [
    "service.scan-bridge.assets < 40",
    ["hazelcast_down", "temporal_down", "health_silent", "worker_down", "process_crash@same"],
  ],
  ["feed.scan.age_s > 9", ["hazelcast_down", "health_silent", "worker_down"]],
  [
    "feed.exf_funding.age_s > 9",
    ["hazelcast_down", "health_silent", "temporal_down", "worker_down"],
  ],
  ["schedule.nightly.skipped > 0", ["temporal_down", "worker_down"]],
])("a rule of one's own on %s is excused by %j alone", (when, causes) => {
  const own = rulesFrom({ own: { when } }).find(({ name }) => name === "own");
  expect(own?.inhibitedBy).toEqual(causes);
});

test.each([
  ["batch", true],
  ["trader", true],
  ["scan", false],
])("an old scan of one's own rule with no worker of %s", (layer, isNotified) => {
  const rules = rulesFrom({ old: { when: "feed.scan.age_s > 20" } });
  const engine = watching({ rules });
  engine.pass(20);
  engine.set({ "feed.scan.age_s": 25, ...without(layer) });
  engine.pass(60);
  expect(engine.notified.some(({ rule }) => rule === "old")).toBe(isNotified);
});
