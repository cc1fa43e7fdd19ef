import { expect, test } from "vitest";
import { StandingQuestion } from "../../../src/operations/health/standing-question.ts";

/** Questions that are answered when the test says so. */
function asked(allowedMs: number) {
  const open: PromiseWithResolvers<number>[] = [];
  const question = new StandingQuestion(() => {
    const next = Promise.withResolvers<number>();
    open.push(next);
    return next.promise;
  }, allowedMs);
  return { question, open };
}

test("an answer is reported with its time, and kept", async () => {
  const { question, open } = asked(10_000);
  expect([question.poll(), question.value(), question.ageMs()]).toEqual([
    { kind: "unasked" },
    null,
    null,
  ]);
  const heard = question.ask();
  open[0]!.resolve(7);
  await heard;
  expect(question.poll()).toEqual({ kind: "answered", ms: expect.any(Number) });
  expect(question.value()).toBe(7);
  expect(question.ageMs()).toBeGreaterThanOrEqual(0);
});

test("who is silent is waited for once, and asked no second time meanwhile", async () => {
  const { question, open } = asked(40);
  await question.ask();
  expect(question.poll()).toEqual({ kind: "silent", sinceS: expect.any(Number), why: null });
  // It would hang here if it waited: nobody answers any more.
  await question.ask();
  await question.ask();
  expect(open).toHaveLength(1);
  open[0]!.resolve(8);
  await question.settled();
  expect([question.poll().kind, question.value()]).toEqual(["answered", 8]);
});

test("a refusal is silence with its reason, which lasts until an answer", async () => {
  const { question, open } = asked(10_000);
  const refused = question.ask();
  open[0]!.reject(new Error("no connection"));
  await refused;
  await question.settled();
  expect(question.poll()).toMatchObject({ kind: "silent", why: "no connection" });
  await question.ask();
  open[1]!.resolve(9);
  await question.settled();
  expect([question.poll().kind, question.value()]).toEqual(["answered", 9]);
});

test("what throws at once is a refusal, too", async () => {
  const question = new StandingQuestion<number>(() => {
    throw new Error("not at all");
  }, 10_000);
  await question.ask();
  await question.settled();
  expect(question.poll()).toMatchObject({ kind: "silent", why: "not at all" });
});
