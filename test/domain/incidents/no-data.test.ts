/** What a rule names, and is not there: missing data is an incident of its own, one for as long as it is missing. */
import { expect, test } from "vitest";
import { BUILT_IN_RULES } from "../../../src/domain/incidents/rules/built-in-rules.ts";
import type { MuteWindow } from "../../../src/domain/incidents/rules/rule.ts";
import { MS_PER_DAY } from "../../../src/domain/time.ts";
import { ruleOf, watching } from "../../helpers/incidents/watching.ts";

test("a condition whose * matches nothing is reported as no data, until something matches", () => {
  const own = ruleOf({ name: "own", when: "service.*.asets < 40", noDataMs: 120_000 });
  const engine = watching({ rules: [...BUILT_IN_RULES, own] });
  engine.pass(150);
  expect(engine.shown()).toEqual([expect.stringMatching(/^1\d\d fire no_data\/own hook$/)]);
  expect(engine.notified[0]?.summary).toContain("there is no value of 'service.*.asets < 40'");
  engine.set({ "service.scan-bridge.asets": 50 });
  engine.pass(30);
  expect(engine.open()).toEqual([]);
  engine.set({ "service.scan-bridge.asets": 39 });
  engine.pass(2);
  expect(engine.open()).toMatchObject([{ rule: "own", subject: "scan-bridge" }]);
});

const ASSETS = { "service.a.assets": 50, "service.b.assets": 50 };

test.each([
  ["has never matched", "service.*.asets < 40", {}],
  ["matches nothing any more", "service.*.assets < 40", ASSETS],
  ["names one thing that is gone", "service.a.assets < 40", ASSETS],
])("a condition that %s is told once as no data, not anew each day", (_, when, begin) => {
  const own = ruleOf({ name: "own", when, noDataMs: 120_000 });
  const rules = [own, ...BUILT_IN_RULES.filter(({ name }) => name === "no_data")];
  const engine = watching({ rules, facts: begin });
  engine.pass(10);
  engine.only({});
  for (let step = 0; step < (24 * 60 + 10) * 12; step += 1) engine.jump(5_000);
  const kinds = engine.notified.filter(({ rule }) => rule === "no_data").map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind !== "renotify")).toEqual(["fire"]);
  expect(Object.values(engine.state().tracks).filter(({ rule }) => rule === "own")).toHaveLength(1);
  // And it is over when there is something.
  engine.only(ASSETS);
  engine.set({ "service.c.asets": 50 });
  engine.pass(60);
  expect(engine.open()).toEqual([]);
});

const NO_WINDOW: readonly MuteWindow[] = [];
const ALL_DAY = [{ fromMinute: 0, untilMinute: 1_440 }];

test.each([
  ["own", NO_WINDOW, []],
  ["own/a", NO_WINDOW, []],
  ["own/b", NO_WINDOW, ["fire"]],
  [null, ALL_DAY, []],
])(
  "with a mute of %s and the windows %j, missing data of its rule is told as %j",
  (mute, muted, told) => {
    const own = ruleOf({ name: "own", when: "service.*.assets < 40", noDataMs: 120_000, muted });
    const rules = [own, ...BUILT_IN_RULES.filter(({ name }) => name === "no_data")];
    const engine = watching({ rules, facts: { "service.a.assets": 50 } });
    engine.pass(5);
    if (mute !== null) engine.mute(mute, MS_PER_DAY);
    engine.only({});
    engine.pass(150);
    expect(engine.open()).toMatchObject([{ rule: "no_data", subject: "own" }]);
    expect(engine.notified.map(({ kind }) => kind)).toEqual(told);
  },
);
