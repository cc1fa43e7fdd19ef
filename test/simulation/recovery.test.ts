/** A thousand simulated months against the real supervisors, diagnosis and recovery; `npm run simulate` runs more. */
import { describe, expect, test } from "vitest";
import { RECOVERY_POLICY } from "../../src/domain/health/recovery-rules.ts";
import { CHECKERS, checkMonth } from "./recovery/check-month.ts";
import { randomMonth } from "./recovery/month-script.ts";
import { type Options, RESTART_POLICY, simulateMonth } from "./recovery/simulate-month.ts";

const SEEDS = 1_000;
const SIMULATION_MS_MAX = 900_000;
const SHORT_DAYS = 1;
/** Months in which something was wrong once: what it was. */
const FOUND_BEFORE = {
  // The clock goes back by a day while restarts count: the budget stayed spent until it came past them.
  2057: "a leak",
  7932: "a loop that is stuck",
  11248: "a wedge",
  38707: "a leak that nobody mended for 20 hours",
  2399: "a leak that only metaHealth sees: the clock goes back while its service is FATAL",
  // A life that follows a crash is hurt before it counts as well, and waits for an outage: no fault of ours.
  1329: "a crash, and a leak while the archive hangs",
  47909: "a crash, and a leak while Hazelcast is down",
} as const;

test(
  `${SEEDS} months: every checker holds, and the scripts do bite`,
  () => {
    const violations: string[] = [];
    const ends = new Set<string>();
    const rules = new Set<string>();
    let restarts = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { outcome, violations: found } = checkMonth(seed);
      violations.push(...found);
      restarts += outcome.restarts.length;
      for (const { truth, by } of outcome.ends) ends.add(`${truth} ${by}`);
      for (const { decisions } of outcome.considered) {
        for (const { action, rule } of decisions) rules.add(`${action} ${rule}`);
      }
    }
    expect(violations.slice(0, 10)).toEqual([]);
    expect(restarts).toBeGreaterThan(10 * SEEDS);
    for (const end of [
      "crash itself",
      "lost itself",
      "bad-start itself",
      "freeze supervisor",
      "leak supervisor",
      "wedge supervisor",
      "stuck-loop supervisor",
      "leak metaHealth",
      "wedge metaHealth",
      "stuck-loop metaHealth",
    ]) {
      expect(ends).toContain(end);
    }
    for (const rule of [
      "not-ours",
      "no-remedy",
      "not-configured",
      "unconfirmed",
      "grace",
      "cool-down",
      "budget",
    ]) {
      expect(rules).toContain(`hold ${rule}`);
    }
    expect(rules).toContain("restart root-lasts");
  },
  SIMULATION_MS_MAX,
);

test.each(Object.entries(FOUND_BEFORE))("month %s, found before: %s", (seed) => {
  expect(checkMonth(Number(seed)).violations).toEqual([]);
});

test("a budget that is not re-dated when the clock goes back is found", () => {
  const restartPolicy = { ...RESTART_POLICY, datesAnew: false };
  const { violations } = checkMonth(2057, { restartPolicy });
  expect(violations).toEqual([expect.stringContaining("bookkeeper, leak")]);
});

test.each([6, 21, 32, 245])(
  "a clock that goes back within seconds of restarts lets none be made too many: month %i",
  (seed) => {
    const script = randomMonth(seed);
    const blows = script.events.filter(({ kind }) => kind === "blow");
    const jumps = blows
      .filter((_, at) => at % 3 === 0)
      .map(({ atS }, at) => {
        const byS = [-86_400, -3_600, -120, -600][at % 3 === 0 ? 0 : at % 4] ?? 0;
        return { atS: atS + ([5, 40, 300, 580][at % 4] ?? 0), kind: "clock", byS } as const;
      });
    const events = [...script.events, ...jumps].toSorted((a, b) => a.atS - b.atS);
    const outcome = simulateMonth({ ...script, events });
    expect(Object.values(CHECKERS).flatMap((check) => check(outcome))).toEqual([]);
  },
);

test("a clock that jumps from event to event has the same result as one that checks every 5 s", () => {
  for (let seed = 1; seed <= 4; seed += 1) {
    const script = randomMonth(seed, SHORT_DAYS);
    const [jumped, looked] = [simulateMonth(script), simulateMonth(script, { isEveryTick: true })];
    const { lookedAt, ...rest } = jumped;
    const { lookedAt: everyTick, ...same } = looked;
    expect(withoutEvidence(rest)).toEqual(withoutEvidence(same));
    expect(lookedAt * 10).toBeLessThan(everyTick);
  }
});

test("a seed replays", () => {
  expect(simulateMonth(randomMonth(7))).toEqual(simulateMonth(randomMonth(7)));
});

describe("a planted fault is found within a thousand seeds", () => {
  test.each<[string, string, Options]>([
    [
      "a silent upstream taken for the bridge's fault",
      "healthy left alone",
      {
        reported: (diagnosis) => ({
          ...diagnosis,
          roots: diagnosis.roots.map((root) =>
            root.kind === "upstream"
              ? {
                  ...root,
                  owner: "ours",
                  remedy: { kind: "restart-service", service: "scan-bridge" },
                }
              : root,
          ),
        }),
      },
    ],
    [
      "a budget of four",
      "restart budget",
      { restartPolicy: { ...RESTART_POLICY, restartsMax: 4 } },
    ],
    [
      "a cause that is acted on though health tells of nothing any more",
      "healthy left alone",
      { recoveryPolicy: { ...RECOVERY_POLICY, unconfirmedMs: 1e12 } },
    ],
    [
      "a cause that is waited for for ever",
      "repaired in time",
      { recoveryPolicy: { ...RECOVERY_POLICY, graceMs: 1e12 } },
    ],
    [
      "a record that tells another value than was decided by",
      "decisions explained",
      {
        decided: (decision) =>
          decision.rule === "cool-down" ? { ...decision, value: 300 } : decision,
      },
    ],
  ])(
    "%s",
    (_, checker, options) => {
      let foundBy: string | null = null;
      for (let seed = 1; seed <= SEEDS && foundBy === null; seed += 1) {
        const found = CHECKERS[checker]?.(checkMonth(seed, options).outcome) ?? [];
        foundBy = found[0] ?? null;
      }
      expect(foundBy).not.toBeNull();
    },
    SIMULATION_MS_MAX,
  );
});

/** The words of a root at the time of a transition: an age in them is that of the first look that saw it. */
function withoutEvidence(outcome: Omit<ReturnType<typeof simulateMonth>, "lookedAt">) {
  const decided = outcome.considered.flatMap(({ decisions }) =>
    decisions.map(({ atMs, root, action, rule, value }) => [atMs, root, action, rule, value]),
  );
  const { restarts, ends, repairs, wrong } = outcome;
  const mended = repairs.map(({ service, truth, hurtS, toS }) => [service, truth, hurtS, toS]);
  return { restarts, ends, mended, wrong, decided };
}
