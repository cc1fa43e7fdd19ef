/** A thousand seeded fault scripts against the real policy: budget, recovery, and no harm to the healthy. */
import { describe, expect, test } from "vitest";
import { quietScript, randomScript } from "./fault-script.ts";
import type { FaultScript } from "./fault-script.ts";
import { POLICY, simulateSupervision } from "./simulate-supervision.ts";
import type { Outcome } from "./simulate-supervision.ts";

const SEEDS = 1_000;
const DAY_S = 86_400;

function checkBudget({ restarts }: Outcome): string[] {
  return restarts
    .filter((atS) => {
      const within = restarts.filter((one) => atS <= one && one < atS + POLICY.windowMs / 1_000);
      return POLICY.restartsMax < within.length;
    })
    .map((atS) => `more than ${POLICY.restartsMax} restarts in ten minutes from ${atS} s`);
}

/** A crash after minutes of health costs no wait, however often it happens, while there is budget. */
function checkForgiven({ ends, restarts }: Outcome, script: FaultScript): string[] {
  return ends.flatMap(({ atS, kind }) => {
    const before = restarts.filter((at) => at <= atS);
    const lastS = before.at(-1);
    const isAsked = script.operatorRestarts.includes(atS + 1);
    if (kind !== "exited" || lastS === undefined || isAsked) return [];
    const inWindow = before.filter((at) => atS - POLICY.windowMs / 1_000 < at).length;
    const isOwed = POLICY.healthyAfterMs <= (atS - lastS) * 1_000 && inWindow < POLICY.restartsMax;
    const next = restarts.find((at) => atS < at) ?? Infinity;
    return isOwed && atS + 1 < next ? [`waited from ${atS} to ${next} s after health`] : [];
  });
}

/** Nothing is ended by a verdict but what the model knows to be sick. */
function checkHealthyLeftAlone({ ends }: Outcome): string[] {
  return ends.flatMap(({ atS, kind, truth }) => {
    if (kind === "unhealthy" && truth !== "wedged") return [`ended a healthy one at ${atS} s`];
    if (kind === "memory" && truth === "nothing") return [`recycled without a leak at ${atS} s`];
    return [];
  });
}

function checkRecovered({ last, unpushed }: Outcome): string[] {
  const isWell = last?.word === "Healthy" && unpushed <= 1;
  return isWell ? [] : [`at the end ${last?.word ?? "no process"}, ${unpushed} files unpushed`];
}

describe(`${SEEDS} fault scripts`, () => {
  test("never break the budget, never hurt a healthy service, always end well", () => {
    const violations: string[] = [];
    let restarts = 0;
    const kinds = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const script = randomScript(seed);
      const outcome = simulateSupervision(script);
      const found = [checkBudget, checkForgiven, checkHealthyLeftAlone, checkRecovered].flatMap(
        (check) => check(outcome, script),
      );
      violations.push(...found.map((sentence) => `seed ${seed}: ${sentence}`));
      restarts += outcome.restarts.length;
      for (const { kind } of outcome.ends) kinds.add(kind);
    }
    expect(violations.slice(0, 10)).toEqual([]);
    // The scripts do bite.
    expect(restarts).toBeGreaterThan(2 * SEEDS);
    expect([...kinds].toSorted()).toEqual(
      ["exited", "failed_start", "frozen", "lost", "memory", "stopped", "unhealthy"].toSorted(),
    );
  });
});

// Outages end shortly before a health check: that is when a hasty verdict would do harm.
describe("a healthy service is never restarted", () => {
  const day = quietScript(DAY_S);
  test.each<[string, FaultScript]>([
    ["when its upstream is silent for a day", { ...day, silences: from(60, DAY_S) }],
    ["when its upstream never wrote", { ...day, silences: from(0, DAY_S) }],
    ["in a backlog of 100,000 files", { ...day, backlog: 100_000 }],
    ["when Hazelcast is away for hours", { ...day, hazelcastOutages: from(600, 20_008) }],
    ["when the mount hangs for hours", { ...day, hangs: from(600, 20_008) }],
    ["when the archive is missing for hours", { ...day, missing: from(600, 20_008) }],
    [
      "when outages follow each other",
      {
        ...day,
        hangs: from(600, 4_018),
        hazelcastOutages: from(4_010, 8_008),
        silences: from(8_000, 30_000),
      },
    ],
  ])("%s", (_what, script) => {
    const outcome = simulateSupervision(script);
    expect(outcome.ends).toEqual([]);
    expect(outcome.restarts).toEqual([]);
  });
});

describe("a loop that is stuck while listings go on", () => {
  test("is ended at a health check two minutes later at most, once", () => {
    const outcome = simulateSupervision({ ...quietScript(3_600), stuckLoops: [615] });
    expect(outcome.ends).toEqual([{ atS: 690, kind: "unhealthy", truth: "wedged" }]);
    expect(outcome.restarts).toHaveLength(1);
    expect(checkRecovered(outcome)).toEqual([]);
  });
});

function from(fromS: number, toS: number) {
  return [{ fromS, toS }];
}
