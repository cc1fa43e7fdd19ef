import { expect, test } from "vitest";
import { parseHeartbeat } from "../../../src/wire/facts/heartbeat.ts";
import { ServiceFacts } from "../../../src/wire/facts/service-facts.ts";
import { ServiceMessage } from "../../../src/wire/control-pipe.ts";

/** As the bridge and the traders of the previous version reported them. */
const OLDER = {
  archive: "hung",
  hazelcast: "ok",
  newestDataAgeS: 4,
  oldestUnpushedAgeS: 3,
  settledAgeS: 2,
  listedAgeS: 1,
  unwatched: null,
  backlog: 7,
  trouble: "no price for ETHUSDT",
};
const RENEWED = {
  dependencies: { archive: "hung", hazelcast: "ok" },
  inputs: [{ name: "scans", ageS: 4, budgetS: 30, lookedAgeS: 1 }],
  queue: { waiting: 7, oldestS: 3, progressS: 2 },
  notes: [{ of: "scans", says: "no price for ETHUSDT", isAlert: true }],
};

test("facts of an older version say the same as before", () => {
  const beat = { kind: "beat", state: "running", counters: {}, log: [], dropped: 0 };
  expect(ServiceMessage.parse({ ...beat, facts: OLDER })).toMatchObject({ facts: RENEWED });
  const text = JSON.stringify({ updated_at: "2026-03-25T04:00:00Z", facts: OLDER });
  expect(parseHeartbeat(text)?.facts).toEqual(RENEWED);
});

test("facts are read as they were reported", () => {
  expect(ServiceFacts.parse(RENEWED)).toEqual(RENEWED);
});

test.each<[string, unknown]>([
  ["a negative age", { ...RENEWED, inputs: [{ name: "scans", ageS: -1, budgetS: 30 }] }],
  ["a state that is none", { ...RENEWED, dependencies: { archive: "fine" } }],
  ["more inputs than anybody has", { ...RENEWED, inputs: Array(33).fill(RENEWED.inputs[0]) }],
  ["no inputs", { dependencies: {}, queue: null }],
])("facts with %s are refused", (_what, facts) => {
  expect(ServiceFacts.safeParse(facts).success).toBe(false);
});
