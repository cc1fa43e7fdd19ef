import { expect, test } from "vitest";
import { answerIncidents } from "../../../src/operations/incidents/answer-incidents.ts";
import { NO_FACTS } from "../../../src/domain/incidents/facts.ts";
import { incidentsIn } from "../../../src/wire/alerts/incident-requests.ts";
import { SAFETY_ANSWER_CHARS_MAX } from "../../../src/wire/safety/safety-control.ts";
import { ruleOf, watching } from "../../helpers/incidents/watching.ts";

function never(): never {
  throw new Error("it is not asked for that");
}

/** As many as one rule may have. */
const STORM = 1_000;

/** So many open at once, each with a long story. */
function answered(count: number) {
  const rule = ruleOf({ name: "late", when: "feed.*.age_s > 60", summary: "s".repeat(400) });
  const feeds = Array.from({ length: count }, (_, at) => `feed.f${at}.age_s`);
  const engine = watching({ rules: [rule], facts: {} });
  for (let at = 0; at < 12; at += 1) {
    engine.set(Object.fromEntries(feeds.map((feed) => [feed, at % 2 === 0 ? 100 : 1])));
    engine.pass(1);
  }
  const incidents = {
    step: never,
    acknowledge: never,
    mute: never,
    unmute: never,
    open: engine.open,
    mutes: () => [],
    trouble: () => null,
    unwritten: () => null,
    close: never,
  };
  const answering = { incidents, rules: [rule], facts: () => NO_FACTS, nowMs: engine.nowMs() };
  const answer = answerIncidents(answering, { command: "incidents", id: "1" });
  return { answer, open: engine.open(), data: incidentsIn(answer.data) };
}

test("a few incidents are answered whole", () => {
  const { data, open } = answered(10);
  expect(data).toMatchObject({ open: 10, incidents: open });
});

test("of a storm the newest are answered, and how many there are", () => {
  const { answer, data, open } = answered(STORM);
  expect(JSON.stringify(answer).length).toBeLessThan(SAFETY_ANSWER_CHARS_MAX / 2);
  expect(answer.detail).toBe(`${STORM} open`);
  expect(data?.open).toBe(STORM);
  expect(data?.incidents.length).toBeGreaterThan(100);
  expect(data?.incidents.at(-1)?.id).toBe(open.at(-1)?.id);
});
