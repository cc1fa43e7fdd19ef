import { describe, expect, test } from "vitest";
import { verdict } from "../../../src/domain/supervision/verdict.ts";
import { BRIDGE_TIES } from "../../../src/domain/supervision/ties.ts";
import type { Observation } from "../../../src/domain/supervision/verdict.ts";
import { type BridgeFacts, factsOfBridge } from "../../../src/wire/facts/bridge-facts.ts";

const MIB = 1_048_576;
const ROW = {
  rssWarnBytes: 200 * MIB,
  rssRestartBytes: 500 * MIB,
  cpuWarnPercent: 50,
  cpuAlertPercent: 80,
  ties: BRIDGE_TIES,
};
const FACTS: BridgeFacts = {
  archive: "ok",
  hazelcast: "ok",
  newestDataAgeS: 2,
  oldestUnpushedAgeS: null,
  settledAgeS: 1,
  listedAgeS: 1,
  backlog: 0,
};

type Given = Partial<Omit<Observation, "facts">> & { readonly facts?: Partial<BridgeFacts> | null };

function check(given: Given, expected: readonly [string, string, string]): void {
  const seen: Observation = {
    phase: "running",
    silentS: 0.5,
    rssBytes: 100 * MIB,
    cpuPercent: 2,
    dependenciesOkS: 3_600,
    ...given,
    facts: given.facts === null ? null : factsOfBridge({ ...FACTS, ...given.facts }),
  };
  const found = verdict(seen, ROW);
  expect([found.word, found.cause, found.action]).toEqual(expected);
  expect(found.reason).not.toBe("");
}

const STUCK = {
  oldestUnpushedAgeS: 90,
  settledAgeS: 75,
  listedAgeS: 75,
  newestDataAgeS: 120,
  backlog: 4,
};
const BLIND = { newestDataAgeS: 130, settledAgeS: 125, listedAgeS: 120 };
const LACKING = { trouble: "no price for ETHUSDT since 2026-03-25T00:00:00Z" };
const OLD = { newestDataAgeS: 7_200 };

describe("the verdict on the bridge", () => {
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
      { facts: { ...BLIND, settledAgeS: 400, listedAgeS: 360 } },
      ["Stale", "bridge", "restart"],
    ],
    ["a backlog that drains", { facts: { ...STUCK, settledAgeS: 1 } }, ["Warning", "none", "none"]],
    [
      "a loop that is stuck while listings go on",
      { facts: { ...STUCK, listedAgeS: 1 } },
      ["Stale", "bridge", "restart"],
    ],
    [
      "files that wait for the first listing's end",
      { facts: { ...STUCK, settledAgeS: null, listedAgeS: 1 } },
      ["Warning", "none", "none"],
    ],
    [
      "a first listing that hangs, files waiting",
      { facts: { ...STUCK, settledAgeS: null, listedAgeS: 360 } },
      ["Stale", "bridge", "restart"],
    ],
    [
      "events that tell what no listing has",
      { facts: { newestDataAgeS: 5, listedAgeS: 400 } },
      ["Healthy", "none", "none"],
    ],
    [
      "nothing settled for long, but listings",
      { facts: { ...OLD, settledAgeS: 7_200 } },
      ["Stale (upstream)", "upstream", "none"],
    ],
    ["a journal that is full", { state: "waiting: journal (x)" }, ["Warning", "process", "alert"]],
    [
      "a journal that is full",
      { state: "waiting: journal", facts: { newestDataAgeS: 90 } },
      ["Stale (upstream)", "upstream", "none"],
    ],
    ["a price that is missing", { facts: LACKING }, ["Warning", "upstream", "alert"]],
    [
      "a price that is missing, of a silent upstream",
      { facts: { ...OLD, ...LACKING } },
      ["Stale (upstream)", "upstream", "none"],
    ],
    [
      "a file seen just now",
      { facts: { ...OLD, oldestUnpushedAgeS: 1 } },
      ["Warning", "none", "none"],
    ],
    [
      "no file events",
      { facts: { unwatched: "fs.inotify.max_user_instances" } },
      ["Warning", "mount", "none"],
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
      facts: factsOfBridge({ ...FACTS, newestDataAgeS: 12 }),
    };
    expect(verdict(observation, ROW).reason).toBe(
      "memory 210 MB (warning at 200 MB); CPU 83 % for 60 s (alert at 80 %); newest data 12 s old",
    );
  });

  test("with a price that is missing says which, before how old the data are", () => {
    const seen = {
      phase: "running",
      silentS: 0,
      rssBytes: 0,
      cpuPercent: 0,
      dependenciesOkS: 9,
    } as const;
    const { reason } = verdict({ ...seen, facts: factsOfBridge({ ...FACTS, ...LACKING }) }, ROW);
    expect(reason).toBe(`${LACKING.trouble}; newest data 2 s old`);
  });
});
