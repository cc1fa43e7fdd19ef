/** The decisions of metaHealth, rule by rule. */
import { describe, expect, test } from "vitest";
import type { Diagnosis, Root } from "../../../src/domain/health/diagnose.ts";
import {
  actionFrom,
  decide,
  type RecoveryDecision,
  initialRecovery,
  type News,
  type RecoveryState,
  transitionKey,
  withMode,
} from "../../../src/domain/health/recovery.ts";
import { RECOVERY_POLICY, type RecoveryPolicy } from "../../../src/domain/health/recovery-rules.ts";

const MIN = 60_000;
const START = 1_774_396_800_000;
const BRIDGE: Root = {
  id: "bridge:scan-bridge",
  kind: "bridge",
  subject: "scan-bridge",
  owner: "ours",
  evidence: ["a complete file lies unpushed for 65 s"],
  remedy: { kind: "restart-service", service: "scan-bridge" },
};
const UPSTREAM: Root = {
  id: "upstream:scans",
  kind: "upstream",
  subject: "scans",
  owner: "upstream",
  evidence: ["newest scan 10 min old, nothing unpushed"],
  remedy: { kind: "none", because: "it heals by itself" },
};
const HAZELCAST: Root = {
  ...BRIDGE,
  id: "hazelcast:hazelcast",
  kind: "hazelcast",
  remedy: { kind: "restart-server", server: "hazelcast" },
};

function diagnosed(...roots: Root[]): Diagnosis {
  return { roots, symptoms: [], word: roots.length === 0 ? "GREEN" : "DEGRADED", rmMeta: 1 };
}

/** Feeds news at minutes from the start; wakes at each time that it asks for in between. */
function run(
  steps: readonly (readonly [atMin: number, Diagnosis | null, News["restartsMs"]?])[],
  policy: RecoveryPolicy = RECOVERY_POLICY,
  from: RecoveryState = initialRecovery("auto"),
) {
  let state = from;
  const decisions: RecoveryDecision[] = [];
  const take = (news: News): void => {
    const after = decide(state, news, policy);
    // The same again comes to the same.
    expect(decide(state, news, policy)).toEqual(after);
    for (const decision of after.decisions) expect(actionFrom(decision)).toBe(decision.action);
    // It is carried through continue-as-new as JSON.
    expect(JSON.parse(JSON.stringify(after.state))).toEqual(after.state);
    state = after.state;
    decisions.push(...after.decisions);
  };
  for (const [atMin, diagnosis, restartsMs] of steps) {
    const atMs = START + atMin * MIN;
    while (state.wakeAtMs !== null && state.wakeAtMs < atMs) {
      take({ atMs: state.wakeAtMs, diagnosis: null, healthAgeMs: 0 });
    }
    take({ atMs, diagnosis, healthAgeMs: 0, ...(restartsMs === undefined ? {} : { restartsMs }) });
  }
  const decided = decisions.map(({ atMs, action, rule }) => [(atMs - START) / MIN, action, rule]);
  return { state, decisions, decided };
}

test("a root of ours that stays is acted on once its supervisor had its time", () => {
  const { decided, decisions } = run([
    [0, diagnosed(BRIDGE)],
    [2, diagnosed()],
  ]);
  expect(decided).toEqual([
    [0, "hold", "grace"],
    [1, "restart", "root-lasts"],
  ]);
  expect(decisions[1]).toMatchObject({
    id: `bridge:scan-bridge@${START + MIN}`,
    target: { kind: "service", name: "scan-bridge" },
    value: 60,
    threshold: 60,
  });
});

test("what nobody confirms any more is left alone, and lasts from when health reports again", () => {
  const policy = RECOVERY_POLICY;
  const took = [{ atMs: START, diagnosis: diagnosed(BRIDGE), healthAgeMs: 0 }];
  const seen: (readonly [number, string, string])[] = [];
  let state = initialRecovery("auto");
  const take = (news: News): void => {
    const { state: next, decisions } = decide(state, news, policy);
    for (const decision of decisions) {
      expect(actionFrom(decision)).toBe(decision.action);
      seen.push([(decision.atMs - START) / MIN, decision.action, decision.rule]);
    }
    state = next;
  };
  for (const news of took) take(news);
  // The machine is off for the night: at first nobody knows of a sample, then of an old one.
  const morning = START + 540 * MIN;
  for (let atMs = morning; atMs < morning + 10 * MIN; atMs = state.wakeAtMs ?? Infinity) {
    take({ atMs, diagnosis: null, healthAgeMs: atMs === morning ? null : atMs - START });
  }
  expect(seen).toEqual([
    [0, "hold", "grace"],
    [540, "hold", "unconfirmed"],
  ]);
  expect(state.wakeAtMs).toBe(morning + 10 * MIN);
  for (let n = 0; n < 2; n += 1) {
    take({ atMs: state.wakeAtMs ?? 0, diagnosis: null, healthAgeMs: 2_000 });
  }
  expect(seen.slice(2)).toEqual([
    [550, "hold", "grace"],
    [551, "restart", "root-lasts"],
  ]);
});

test.each([
  ["once it was heard", 0],
  ["and was never heard", null],
])("while health is away, %s, it is looked after it ever more seldom", (_, healthAgeMs) => {
  const polls = (policy: RecoveryPolicy): readonly number[] => {
    let { state } = decide(
      initialRecovery("auto"),
      { atMs: START, diagnosis: diagnosed(BRIDGE), healthAgeMs },
      policy,
    );
    const at: number[] = [];
    while ((state.wakeAtMs ?? Infinity) < START + 540 * MIN) {
      const atMs = state.wakeAtMs!;
      at.push((atMs - START) / 1_000);
      const ageMs = healthAgeMs === null ? null : atMs - START;
      ({ state } = decide(state, { atMs, diagnosis: null, healthAgeMs: ageMs }, policy));
    }
    return at;
  };
  const seldom = polls(RECOVERY_POLICY);
  expect(seldom.slice(0, 4)).toEqual([60, 120, 240, 360]);
  expect(seldom.length).toBeLessThan(280);
  // As an older program's looks have it.
  const { restMaxMs: _restMaxMs, ...older } = RECOVERY_POLICY;
  expect(polls(older).length).toBeGreaterThan(2_000);
});

test("what is reported late came when it was found: it does not come and go", () => {
  let state = initialRecovery("auto");
  for (let half = 0; half < 11; half += 1) {
    const diagnosis = diagnosed(...(half % 2 === 0 ? [BRIDGE] : []));
    const foundMs = START - 1_000 * MIN + half * 10 * MIN;
    const news = { atMs: START + half, diagnosis, foundMs, healthAgeMs: 0 };
    ({ state } = decide(state, news, RECOVERY_POLICY));
  }
  expect(state.roots[BRIDGE.id]?.isLatched).toBe(false);
});

test("a restart that is dated a second ahead is of now, however often the clock was set back", () => {
  let state = initialRecovery("auto");
  const take = (atMs: number, restartsMs: readonly number[] = []) => {
    const restarts = { "scan-bridge": restartsMs };
    const news = { atMs, diagnosis: diagnosed(BRIDGE), healthAgeMs: 0, restartsMs: restarts };
    const decided = decide(state, news, RECOVERY_POLICY);
    ({ state } = decided);
    return decided.decisions;
  };
  take(START);
  take(START - 60 * MIN);
  const later = START + 1_000 * MIN;
  take(later);
  const [decision] = take(later + 30 * MIN, [later + 30 * MIN + 1_000]);
  expect(decision).toMatchObject({ action: "hold", rule: "cool-down", value: 0 });
});

test("another word alone is reported, too", () => {
  const now = diagnosed(UPSTREAM);
  expect(transitionKey({ ...now, word: "CRITICAL" })).not.toBe(transitionKey(now));
});

test.each([
  ["a silent upstream", UPSTREAM, "not-ours"],
  ["a root without a remedy", { ...BRIDGE, remedy: UPSTREAM.remedy }, "no-remedy"],
  ["a server under 'up'", HAZELCAST, "not-configured"],
  ["a full disk, which is the operator's", { ...BRIDGE, owner: "operator" as const }, "not-ours"],
])("%s is never acted on, however long it lasts", (_, root, rule) => {
  const { decided } = run([
    [0, diagnosed(root)],
    [10_000, diagnosed(root)],
  ]);
  expect(decided).toEqual([[0, "hold", rule]]);
});

test("one restart per step: the next is decided from a new reading", () => {
  const policy = { ...RECOVERY_POLICY, servers: ["hazelcast"] };
  const news = { diagnosis: diagnosed(BRIDGE, HAZELCAST), healthAgeMs: 0 };
  const came = decide(initialRecovery("auto"), { ...news, atMs: START }, policy);
  const acted = (state: RecoveryState, atMs: number) => {
    const after = decide(state, { atMs, diagnosis: null, healthAgeMs: 0 }, policy);
    const restarts = after.decisions.filter(({ action }) => action === "restart");
    return { state: after.state, names: restarts.map(({ target }) => target?.name) };
  };
  const first = acted(came.state, START + MIN);
  expect(first.names).toEqual(["scan-bridge"]);
  expect(first.state.wakeAtMs).toBe(START + MIN);
  expect(acted(first.state, START + MIN + 9_000).names).toEqual(["hazelcast"]);
});

test("a server with a command is restarted by the same rules", () => {
  const policy = { ...RECOVERY_POLICY, servers: ["hazelcast"] };
  const { decided } = run(
    [
      [0, diagnosed(HAZELCAST)],
      [3, null],
    ],
    policy,
  );
  expect(decided).toContainEqual([1, "restart", "root-lasts"]);
});

test("the cool-down counts from the attempt, and grows while attempts do not mend it", () => {
  const { decided } = run([
    [0, diagnosed(BRIDGE)],
    [120, null],
  ]);
  const restarts = decided.filter(([, action]) => action === "restart").map(([atMin]) => atMin);
  expect(restarts).toEqual([1, 6, 16, 36, 76]);
});

test("health in between neither restarts nor ends the cool-down", () => {
  const { decided } = run([
    [0, diagnosed(BRIDGE)],
    [2, diagnosed()],
    [3, diagnosed(BRIDGE)],
    [6, null],
  ]);
  expect(decided).toEqual([
    [0, "hold", "grace"],
    [1, "restart", "root-lasts"],
    [3, "hold", "grace"],
    [4, "hold", "cool-down"],
    [6, "restart", "root-lasts"],
  ]);
});

test("the supervisor's own restarts count, for the cool-down and for the budget", () => {
  const own = { "scan-bridge": [-8, -7, -6].map((min) => START + min * MIN) };
  const { decided } = run([
    [0, diagnosed(BRIDGE), own],
    [2, null],
  ]);
  // The first of the three leaves the window at minute 2.
  expect(decided).toEqual([
    [0, "hold", "grace"],
    [1, "hold", "budget"],
    [2, "restart", "root-lasts"],
  ]);
  const fresh = run([
    [0, diagnosed(BRIDGE), { "scan-bridge": [START] }],
    [5, null],
  ]);
  expect(fresh.decided).toEqual([
    [0, "hold", "grace"],
    [1, "hold", "cool-down"],
    [5, "restart", "root-lasts"],
  ]);
});

test("a root that comes and goes is left alone until it stays", () => {
  const flapping = Array.from({ length: 10 }, (_, half) => {
    const step = [half * 2, diagnosed(...(half % 2 === 0 ? [BRIDGE] : []))] as const;
    return step;
  });
  const { decided } = run([...flapping, [20, diagnosed(BRIDGE)], [60, null]]);
  const restarts = decided.filter(([, action]) => action === "restart").map(([atMin]) => atMin);
  // Twice before it is known to flap, and half an hour after it came for the last time.
  expect(restarts).toEqual([1, 9, 50]);
  expect(decided).toContainEqual([17, "hold", "flap-latch"]);
});

describe("monitor-only", () => {
  test("says the same decisions as would have, at the same times", () => {
    const steps = [
      [0, diagnosed(BRIDGE)],
      [40, null],
    ] as const;
    const done = run(steps);
    const said = run(steps, RECOVERY_POLICY, initialRecovery("monitor-only"));
    const atOf = (decided: typeof done.decided) =>
      decided.filter(([, action]) => action !== "hold").map(([atMin]) => atMin);
    expect(atOf(said.decided)).toEqual(atOf(done.decided));
    expect(said.decided.some(([, action]) => action === "restart")).toBe(false);
    expect(said.decided).toContainEqual([1, "would-restart", "monitor-only"]);
  });

  test("what was only said delays nothing once it is auto", () => {
    const said = run(
      [
        [0, diagnosed(BRIDGE)],
        [2, null],
      ],
      undefined,
      initialRecovery("monitor-only"),
    );
    const { decided } = run([[2.5, null]], undefined, withMode(said.state, "auto"));
    expect(decided).toEqual([[2.5, "restart", "root-lasts"]]);
  });
});

describe("a clock that jumps", () => {
  test("back an hour: no wait grows longer, no attempt is forgotten", () => {
    const { state } = run([
      [0, diagnosed(BRIDGE)],
      [2, null],
    ]);
    const { decided } = run(
      [
        [-58, null],
        [-54, null],
      ],
      undefined,
      state,
    );
    expect(decided.at(-1)).toEqual([-54, "restart", "root-lasts"]);
  });

  test("back an hour: what a supervisor noted before it is not of the future for ever", () => {
    const noted = { "scan-bridge": [START] };
    const { state } = run([
      [0, diagnosed(BRIDGE), noted],
      [0.5, null],
    ]);
    const { decided } = run(
      [
        [-59.5, null, noted],
        [-58, null, noted],
        [-51, null, noted],
      ],
      undefined,
      state,
    );
    expect(decided.filter(([, action]) => action === "restart").map(([atMin]) => atMin)).toEqual([
      -55,
    ]);
  });
});

test("a decision can be repeated from its record alone", () => {
  const { decisions } = run([
    [0, diagnosed(BRIDGE, UPSTREAM, HAZELCAST)],
    [60, null],
  ]);
  expect(decisions.length).toBeGreaterThan(6);
  const [first] = decisions;
  expect(first).toBeDefined();
  // A record that was tampered with no longer explains itself.
  for (const decision of decisions.filter(({ rule }) => rule === "cool-down")) {
    expect(actionFrom({ ...decision, value: 10_000 })).not.toBe(decision.action);
  }
});
