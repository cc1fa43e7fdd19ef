import { expect, test } from "vitest";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import {
  passedUnreported,
  withheldAs,
  withReason,
} from "../../../src/domain/incidents/withheld.ts";
import { ruleOf, watching } from "../../helpers/incidents/watching.ts";

function openIncident(): Incident {
  const engine = watching({
    rules: [ruleOf({ name: "r", when: "x.on" })],
    facts: { "x.on": true },
  });
  engine.pass(1);
  const [incident] = engine.open();
  if (incident === undefined) throw new Error("it is open");
  return incident;
}

test("an incident that was flapping and is over passed unreported, also one that an older release stored", () => {
  const open = openIncident();
  const damped = withReason(open, withheldAs("flapping"), 1_000);
  const over = withReason(damped, withheldAs("over"), 2_000);
  const { heldCode: _code, wasDamped: _was, ...older } = over;
  expect([open, damped, over, older].map(passedUnreported)).toEqual([false, false, true, true]);
  expect(passedUnreported(withReason(open, withheldAs("over"), 1_000))).toBe(false);
  // However many lines followed, and whatever the story still has.
  expect(passedUnreported({ ...over, story: [] })).toBe(true);
  expect(withReason(over, withheldAs("over"), 3_000)).toBe(over);
});
