import { describe, expect, test } from "vitest";
import { BUILT_IN_RULES } from "../../../src/domain/incidents/rules/built-in-rules.ts";
import { ruleOf, watching, WELL } from "../../helpers/incidents/watching.ts";

const MINUTE = 60;
const DOWN = ruleOf({ name: "down", when: "server.up == false" });
const LATE = ruleOf({ name: "late", when: "feed.*.age_s > 60", inhibitedBy: ["down"] });
const FLAP = ruleOf({ name: "flap", when: "x.on" });

describe("a rule", () => {
  test("fires after its time, once, and is resolved after it has been quiet for long enough", () => {
    const rule = ruleOf({ name: "r", when: "x.on", forMs: 10_000, keepMs: 20_000 });
    const engine = watching({ rules: [rule], facts: { "x.on": false } });
    engine.pass(5);
    engine.set({ "x.on": true });
    engine.pass(9);
    expect(engine.shown()).toEqual([]);
    engine.pass(MINUTE);
    expect(engine.shown()).toEqual(["16 fire r/x hook"]);
    engine.set({ "x.on": false });
    engine.pass(10);
    engine.set({ "x.on": true });
    engine.pass(5);
    engine.set({ "x.on": false });
    engine.pass(19);
    expect(engine.notified).toHaveLength(1);
    engine.pass(3);
    expect(engine.notified.map(({ kind, state, number }) => [kind, state, number])).toEqual([
      ["fire", "firing", 1],
      ["resolve", "resolved", 2],
    ]);
    const [fire, resolved] = engine.notified;
    expect(resolved?.incident).toBe(fire?.incident);
    expect(fire?.incident).toMatch(/^r-x-\d{8}T\d{9}Z$/);
    expect(resolved?.summary).toMatch(/^resolved after 94 s: r of x \[.*fire: notified hook.*\]$/);
    expect(engine.open()).toEqual([]);
  });
  test("has an incident for each subject that its * matches", () => {
    const engine = watching({
      rules: [LATE, DOWN],
      facts: { "feed.a.age_s": 99, "feed.b.age_s": 1 },
    });
    engine.set({ "feed.c-d.age_s": 61, "server.up": true });
    engine.pass(30);
    expect(engine.open().map(({ subject }) => subject)).toEqual(["a", "c-d"]);
  });
});

describe("no data", () => {
  test.each([
    ["is gone", {}],
    ["is unknown", { "x.on": { unknown: "nobody asked it" } }],
    ["is no number", { "x.on": Number.NaN }],
  ])("neither fires nor resolves: what is told of %s", (_what, facts) => {
    const engine = watching({ rules: [ruleOf({ name: "r", when: "x.on == true", forMs: 3_000 })] });
    engine.only({ "x.on": true });
    engine.pass(2);
    engine.only(facts);
    engine.pass(MINUTE);
    expect(engine.open()).toEqual([]);
    engine.only({ "x.on": true });
    engine.pass(4);
    expect(engine.notified).toHaveLength(1);
    engine.only({ "x.on": false });
    engine.pass(20);
    engine.only(facts);
    engine.pass(10 * MINUTE);
    expect(engine.open()).toHaveLength(1);
    engine.only({ "x.on": false });
    // Only what was seen to be quiet counts.
    engine.pass(9);
    expect(engine.open()).toHaveLength(1);
    engine.pass(3);
    expect(engine.notified.map(({ kind }) => kind)).toEqual(["fire", "resolve"]);
  });
  test("is an incident of its own when it lasts", () => {
    const engine = watching();
    engine.pass(5);
    engine.set({ "disk.data.free_mb": { unknown: "nobody asked" } });
    engine.pass(119);
    expect(engine.open()).toEqual([]);
    engine.pass(30);
    expect(engine.shown()).toEqual([expect.stringMatching(/^1\d\d fire no_data\/disk_low hook$/)]);
    expect(engine.notified[0]?.summary).toMatch(
      /disk_low cannot be evaluated: there is no value of data/,
    );
    engine.set(WELL);
    engine.pass(30);
    expect(engine.open()).toEqual([]);
  });
});

describe("time", () => {
  test("that nobody watched counts for nothing: a jump of the clock, a pause", () => {
    const rule = ruleOf({ name: "r", when: "x.on", forMs: 60_000, keepMs: 60_000 });
    const engine = watching({ rules: [rule], facts: { "x.on": true } });
    engine.pass(5);
    engine.jump(24 * 3_600_000);
    engine.jump(-48 * 3_600_000);
    expect(engine.open()).toEqual([]);
    engine.pass(MINUTE);
    expect(engine.open()).toHaveLength(1);
    engine.set({ "x.on": false });
    engine.pass(5);
    engine.jump(24 * 3_600_000);
    engine.jump(-48 * 3_600_000);
    expect(engine.notified.map(({ kind }) => kind)).toEqual(["fire"]);
    engine.pass(MINUTE);
    expect(engine.notified.map(({ kind }) => kind)).toEqual(["fire", "resolve"]);
  });
  test("that the machine slept gives a symptom time to go, or its cause time to show", () => {
    const engine = watching({
      rules: [LATE, DOWN],
      facts: { "feed.a.age_s": 1, "server.up": true },
    });
    engine.pass(20);
    engine.set({ "feed.a.age_s": 3_600 });
    engine.jump(3_600_000);
    engine.pass(13);
    expect(engine.notified).toEqual([]);
    engine.pass(5);
    expect(engine.notified.map(({ rule }) => rule)).toEqual(["late"]);
  });
  test("set back gives no incident the name of an earlier one", () => {
    const engine = watching({ rules: [FLAP], facts: { "x.on": true } });
    engine.pass(1);
    engine.set({ "x.on": false });
    engine.pass(40);
    engine.jump(-41_000);
    engine.set({ "x.on": true });
    engine.pass(1);
    const first = engine.notified[0]?.incident;
    expect(engine.open().map(({ id }) => id)).not.toContain(first);
    expect(engine.open()).toHaveLength(1);
  });
});

describe("a symptom", () => {
  test("is not notified while its cause is, whichever comes first, and what is left of it is notified afterwards", () => {
    const engine = watching({
      rules: [LATE, DOWN],
      facts: { "server.up": true, "feed.a.age_s": 1 },
    });
    engine.pass(20);
    engine.set({ "feed.a.age_s": 61 });
    engine.pass(4);
    engine.set({ "server.up": false });
    engine.pass(5 * MINUTE);
    expect(engine.shown()).toEqual(["25 fire down/server hook"]);
    engine.set({ "server.up": true });
    engine.pass(20);
    expect(engine.notified).toHaveLength(1);
    engine.pass(MINUTE);
    expect(engine.shown().slice(1)).toEqual([
      expect.stringContaining("resolve down/server"),
      expect.stringContaining("fire late/a"),
    ]);
  });
  test("waits after a start until its cause can show", () => {
    const engine = watching({
      rules: [LATE, DOWN],
      facts: { "feed.a.age_s": 1, "server.up": true },
    });
    engine.pass(20);
    engine.only({ "feed.a.age_s": 99, "server.up": { unknown: "not asked yet" } });
    engine.restart();
    engine.pass(14);
    expect(engine.notified).toEqual([]);
    engine.set({ "server.up": false });
    engine.pass(MINUTE);
    expect(engine.shown()).toEqual(["35 fire down/server hook"]);
  });
  test("is what health says it is", () => {
    const engine = watching({ facts: { ...WELL, "worker.scan.up": true } });
    engine.pass(20);
    engine.set(
      { "service.scan-bridge.crashed": true, "worker.scan.up": false },
      {
        roots: [{ id: "worker:scan", kind: "worker", subject: "scan", says: "no poller" }],
        symptoms: [{ subject: "scan-bridge", of: "worker:scan" }],
      },
    );
    engine.pass(2 * MINUTE);
    expect(engine.notified.map(({ rule, cause }) => [rule, cause])).toEqual([
      ["worker_down", "worker:scan: no poller"],
    ]);
  });
  test("is not notified while an operator wants its cause, and has time to end afterwards; a crash is notified", () => {
    const engine = watching();
    engine.pass(20);
    const stop = {
      id: "process:scan-bridge",
      kind: "process",
      subject: "scan-bridge",
      says: "scan-bridge is stopped",
      isStop: true,
    };
    const symptoms = ["scan", "trader-blue"].map((subject) => ({ subject, of: stop.id }));
    engine.set({ "feed.scan.age_s": 99 }, { roots: [stop], symptoms });
    engine.pass(30 * MINUTE);
    expect(engine.notified).toEqual([]);
    expect(engine.open().map(({ held: withheld }) => withheld)).toContain(
      "it follows from an operator's stop of scan-bridge",
    );
    engine.set({ "service.trader-blue.crashed": true });
    engine.pass(10);
    expect(engine.notified.map(({ rule }) => rule)).toEqual(["process_crash"]);
    engine.set({}, { roots: [], symptoms: [] });
    engine.pass(29);
    expect(engine.notified).toHaveLength(1);
    engine.pass(10);
    expect(engine.notified.map(({ rule }) => rule)).toEqual(["process_crash", "stale_data"]);
  });
  test("of the bridge's absence is not that nobody reads the archive", () => {
    const engine = watching();
    engine.pass(5);
    engine.set({ "archive.state": { unknown: "nobody told" } });
    engine.pass(10 * MINUTE);
    expect(engine.open()).toEqual([]);
  });
  test("of five hundred in a minute gives one page, its cause's", () => {
    const engine = watching({ rules: [LATE, DOWN], facts: { "server.up": true } });
    engine.pass(20);
    for (let second = 0; second < MINUTE; second += 1) {
      // The first ones come before their cause.
      if (second === 2) engine.set({ "server.up": false });
      for (let at = 0; at < 9; at += 1) engine.set({ [`feed.f${second * 9 + at}.age_s`]: 100 });
      engine.pass(1);
    }
    engine.pass(2 * MINUTE);
    expect(engine.open().length).toBeGreaterThan(500);
    expect(engine.shown()).toEqual(["23 fire down/server hook"]);
  });
});

describe("who is notified", () => {
  const channels = [
    { name: "ops", teams: ["ops"], severityMin: "warning" },
    { name: "desk", teams: ["trading"], severityMin: "warning" },
    { name: "pager", teams: [], severityMin: "critical" },
    { name: "all", teams: [], severityMin: "info" },
  ] as const;
  const notified = (changes: Partial<Parameters<typeof ruleOf>[0]>) => {
    const rule = ruleOf({ name: "r", when: "x.on", ...changes });
    const engine = watching({ rules: [rule], channels, facts: { "x.on": true } });
    engine.pass(1);
    return engine.notified.map(({ channel }) => channel);
  };
  test.each([
    [{ teams: ["ops"] }, ["ops", "all"]],
    [{ teams: ["ops", "trading"], severity: "critical" }, ["ops", "desk", "pager", "all"]],
    [{ teams: [], severity: "info" }, ["all"]],
    [{ channels: ["desk", "gone"], teams: ["ops"] }, ["desk"]],
  ] as const)("%j: %j", (changes, expected) => {
    expect(notified(changes)).toEqual(expected);
  });
  test("goes on to others until somebody acknowledges; then it is quiet", () => {
    const escalation = [
      { afterMs: 60_000, teams: ["trading"], channels: [] },
      { afterMs: 120_000, teams: [], channels: ["pager"] },
    ];
    const rule = ruleOf({
      name: "r",
      when: "x.on",
      teams: ["ops"],
      escalation,
      renotifyMs: 90_000,
    });
    const engine = watching({ rules: [rule], channels, facts: { "x.on": true } });
    engine.pass(100);
    expect(engine.shown()).toEqual(["1 fire r/x ops", "1 fire r/x all", "61 escalate r/x desk"]);
    const incident = engine.notified[0]?.incident ?? "";
    expect(engine.acknowledge(incident).ok).toBe(true);
    expect(engine.acknowledge(incident).says).toMatch(/already/);
    expect(engine.acknowledge("nonsense").ok).toBe(false);
    engine.pass(1_000);
    expect(engine.shown().slice(3)).toEqual([
      "100 acknowledge r/x ops",
      "100 acknowledge r/x all",
      "100 acknowledge r/x desk",
    ]);
    engine.set({ "x.on": false });
    engine.pass(60);
    const resolved = engine.notified.filter(({ kind }) => kind === "resolve");
    expect(resolved.map(({ channel }) => channel)).toEqual(["ops", "all", "desk"]);
    expect(resolved[0]?.summary).toContain("acknowledged by ana (cli)");
  });
  test("is notified again while nobody acknowledges", () => {
    const rule = ruleOf({ name: "r", when: "x.on", renotifyMs: 3_600_000 });
    const engine = watching({ rules: [rule], facts: { "x.on": true } });
    engine.pass(7_300);
    expect(engine.shown().map((line) => line.split(" ")[1])).toEqual([
      "fire",
      "renotify",
      "renotify",
    ]);
  });
  test("is not notified while it is muted, and of what is left after", () => {
    const engine = watching({ rules: [FLAP], facts: { "x.on": false } });
    engine.pass(1);
    expect(engine.mute("flap", 600_000).ok).toBe(true);
    expect(engine.mute("nonsense", 600_000).ok).toBe(false);
    engine.set({ "x.on": true });
    engine.pass(599);
    expect(engine.notified).toEqual([]);
    expect(engine.open()[0]?.held).toBe("muted by ana: known");
    engine.pass(5);
    expect(engine.notified).toHaveLength(1);
  });
  test("is not notified in the muted part of the day", () => {
    const minute = Math.floor((watching().nowMs() % 86_400_000) / 60_000);
    const muted = [{ fromMinute: minute - 1, untilMinute: minute + 2 }];
    const rule = ruleOf({ name: "r", when: "x.on", muted });
    const engine = watching({ rules: [rule], facts: { "x.on": true } });
    engine.pass(110);
    expect(engine.notified).toEqual([]);
    engine.pass(20);
    expect(engine.notified).toHaveLength(1);
  });
});

test.each([40, 60, 100, 400, 1_000])(
  "a rule that comes and goes every %i s is reported at most once in a quarter of an hour after it is known to",
  (period) => {
    const engine = watching({ rules: [FLAP], facts: { "x.on": false } });
    for (let at = 0; at < 3 * 3_600; at += period) {
      engine.set({ "x.on": true });
      engine.pass(period / 2);
      engine.set({ "x.on": false });
      engine.pass(period / 2);
    }
    // That it is one shows when it comes back.
    const from = engine.notified.find(({ kind }) => kind === "resolve")?.atMs ?? 0;
    const times = engine.notified.map(({ atMs }) => atMs).filter((atMs) => from <= atMs);
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    expect(gaps.filter((gap) => gap < 900_000)).toEqual([]);
    expect(engine.notified.length).toBeGreaterThan(0);
  },
);

test("what fires again within a quarter of an hour is not notified at once; its story is sent when it is over", () => {
  const down = BUILT_IN_RULES.find(({ name }) => name === "hazelcast_down");
  const engine = watching({ rules: down === undefined ? [] : [down] });
  for (let at = 0; at < 2; at += 1) {
    engine.set({ "hazelcast.up": false });
    engine.pass(10);
    engine.set({ "hazelcast.up": true });
    engine.pass(40);
  }
  const first = [
    "6 fire hazelcast_down/hazelcast hook",
    "41 resolve hazelcast_down/hazelcast hook",
  ];
  expect(engine.shown()).toEqual(first);
  engine.pass(850);
  expect(engine.shown()).toEqual(first);
  engine.pass(20);
  expect(engine.notified).toHaveLength(3);
  expect(engine.notified[2]).toMatchObject({ kind: "resolve", severity: "critical" });
  expect(engine.notified[2]?.summary).toContain("it is flapping");
});

test("what fires again and stays is notified a quarter of an hour after the last notification", () => {
  const engine = watching({ rules: [FLAP], facts: { "x.on": true } });
  engine.pass(5);
  engine.set({ "x.on": false });
  engine.pass(60);
  engine.set({ "x.on": true });
  engine.pass(2_000);
  expect(engine.shown()).toEqual([
    "1 fire flap/x hook",
    "36 resolve flap/x hook",
    "936 fire flap/x hook",
  ]);
});

test("what is remembered stays bounded and plain", () => {
  const engine = watching({ rules: [LATE, DOWN], facts: { "server.up": true } });
  const many = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, at) => [`feed.f${at}.age_s`, 100]),
  );
  engine.set(many);
  engine.pass(30);
  expect(engine.open().length).toBeLessThanOrEqual(2_000);
  expect(JSON.parse(JSON.stringify(engine.state()))).toEqual(engine.state());
});
