import { describe, expect, test } from "vitest";
import { verdict } from "../../../src/domain/supervision/verdict.ts";
import type { Observation, WorkFacts } from "../../../src/domain/supervision/verdict.ts";

const MIB = 1_048_576;
const LIMITS = {
  rssWarnBytes: 200 * MIB,
  rssRestartBytes: 500 * MIB,
  cpuWarnPercent: 50,
  cpuAlertPercent: 80,
};
const FACTS: WorkFacts = {
  archive: "ok",
  hazelcast: "ok",
  newestDataAgeS: 2,
  oldestUnpushedAgeS: null,
  progressAgeS: 1,
  backlog: 0,
};

type Given = Partial<Omit<Observation, "facts">> & { readonly facts?: Partial<WorkFacts> | null };

function check(given: Given, expected: readonly [string, string, string]): void {
  const seen: Observation = {
    phase: "running",
    silentS: 0.5,
    rssBytes: 100 * MIB,
    cpuPercent: 2,
    dependenciesOkS: 3_600,
    ...given,
    facts: given.facts === null ? null : { ...FACTS, ...given.facts },
  };
  const found = verdict(seen, LIMITS);
  expect([found.word, found.cause, found.action]).toEqual(expected);
  expect(found.reason).not.toBe("");
}

const STUCK = { oldestUnpushedAgeS: 90, progressAgeS: 75, newestDataAgeS: 120, backlog: 4 };
const BLIND = { newestDataAgeS: 130, progressAgeS: 120 };
const OLD = { newestDataAgeS: 7_200 };

describe("the verdict on a service", () => {
  test.each<[string, Given, [string, string, string]]>([
    ["fresh data", {}, ["Healthy", "none", "none"]],
    ["data 29 s old", { facts: { newestDataAgeS: 29 } }, ["Healthy", "none", "none"]],
    ["data 45 s old", { facts: { newestDataAgeS: 45 } }, ["Warning", "upstream", "none"]],
    ["an upstream silent", { facts: OLD }, ["Stale (upstream)", "upstream", "none"]],
    ["no data ever", { facts: { newestDataAgeS: null } }, ["Waiting", "upstream", "none"]],
    ["no facts, as of a service without data", { facts: null }, ["Healthy", "none", "none"]],
    ["a start that must still hold", { phase: "starting" }, ["Starting", "none", "none"]],
    ["no process", { phase: "absent" }, ["Down", "process", "restart"]],
    ["ten silent seconds", { silentS: 10 }, ["Down", "process", "restart"]],
    ["memory over the limit", { rssBytes: 500 * MIB }, ["Error", "process", "restart"]],
    ["memory over the mark", { rssBytes: 200 * MIB }, ["Warning", "process", "alert"]],
    ["CPU over the mark", { cpuPercent: 60 }, ["Warning", "process", "alert"]],
    ["CPU over both", { cpuPercent: 95 }, ["Warning", "process", "alert"]],
    ["CPU unknown", { cpuPercent: null }, ["Healthy", "none", "none"]],
    ["a hung mount", { facts: { archive: "hung" } }, ["Error", "mount", "alert"]],
    ["no archive", { facts: { archive: "missing" } }, ["Error", "mount", "alert"]],
    ["no Hazelcast", { facts: { hazelcast: "down" } }, ["Error", "hazelcast", "alert"]],
    ["files left lying", { facts: STUCK }, ["Stale", "bridge", "restart"]],
    ["nothing listed for two minutes", { facts: BLIND }, ["Stale", "bridge", "alert"]],
    [
      "nothing listed for six minutes",
      { facts: { ...BLIND, progressAgeS: 360 } },
      ["Stale", "bridge", "restart"],
    ],
    [
      "a backlog that drains",
      { facts: { ...STUCK, progressAgeS: 1 } },
      ["Warning", "none", "none"],
    ],
    [
      "a file seen just now",
      { facts: { ...OLD, oldestUnpushedAgeS: 1 } },
      ["Warning", "none", "none"],
    ],
  ])("with %s", (_what, given, expected) => {
    check(given, expected);
  });

  test.each<[string, Given, [string, string, string]]>([
    [
      "mount before Hazelcast",
      { facts: { archive: "hung", hazelcast: "down" } },
      ["Error", "mount", "alert"],
    ],
    [
      "mount before the bridge",
      { facts: { ...STUCK, archive: "hung" } },
      ["Error", "mount", "alert"],
    ],
    [
      "Hazelcast before the bridge",
      { facts: { ...STUCK, hazelcast: "down" } },
      ["Error", "hazelcast", "alert"],
    ],
    [
      "Hazelcast before memory",
      { rssBytes: 600 * MIB, facts: { hazelcast: "down" } },
      ["Error", "hazelcast", "alert"],
    ],
    [
      "the bridge before a CPU alert",
      { cpuPercent: 99, facts: STUCK },
      ["Stale", "bridge", "restart"],
    ],
    [
      "an outage that ended 20 s ago clears the bridge",
      { dependenciesOkS: 20, facts: STUCK },
      ["Stale", "none", "none"],
    ],
    [
      "a silent upstream keeps its word beside an alert",
      { cpuPercent: 60, facts: OLD },
      ["Stale (upstream)", "upstream", "alert"],
    ],
  ])("in this order: %s", (_what, given, expected) => {
    check(given, expected);
  });

  test("tells the figures", () => {
    const observation: Observation = {
      phase: "running",
      silentS: 0,
      rssBytes: 210 * MIB,
      cpuPercent: 83.4,
      dependenciesOkS: 10,
      facts: { ...FACTS, newestDataAgeS: 12 },
    };
    expect(verdict(observation, LIMITS).reason).toBe(
      "memory 210 MB (warning at 200 MB); CPU 83 % for 60 s (alert at 80 %); newest data 12 s old",
    );
  });
});
