import { expect, test } from "vitest";
import { TemporalCallError } from "../../../src/adapters/temporal/temporal-reads.ts";
import type { ScheduleDescription } from "../../../src/adapters/temporal/temporal-reads.ts";
import { SCHEDULE_NAMES } from "../../../src/domain/supervision/declared/schedules.ts";
import { createScheduleView } from "../../../src/operations/status/schedule-view.ts";

const DESCRIBED: ScheduleDescription = {
  isPaused: false,
  note: "",
  last: null,
  nextMs: null,
  missed: 0,
  overlapped: 0,
};
const SLOW = new TemporalCallError("did not answer in 1500 ms", { status: 4 });
const REFUSED = new TemporalCallError("connection refused", { status: 14 });

type Answer = (name: string) => Promise<ScheduleDescription | null>;
const described: Answer = async () => DESCRIBED;

/** A server whose answers and clock the test sets. */
function stage() {
  let nowMs = 1_000_000;
  let answer: Answer = described;
  const asked: string[] = [];
  const schedule = (name: string) => {
    asked.push(name);
    return answer(name);
  };
  const read = createScheduleView({ schedule }, () => nowMs);
  return {
    read,
    asked,
    pass: (ms: number) => (nowMs += ms),
    answer: (how: Answer) => (answer = how),
  };
}

test("schedules that were described within the last minute count while the server is slow", async () => {
  const server = stage();
  const rows = await server.read();
  expect(rows.map(({ schedule }) => schedule)).toEqual(SCHEDULE_NAMES);
  server.answer(() => Promise.reject(SLOW));
  server.pass(59_999);
  expect(await server.read()).toEqual(rows);
  server.pass(1);
  await expect(server.read()).rejects.toThrow("did not answer");
});

test("a slow server may describe them one by one", async () => {
  const server = stage();
  for (const due of SCHEDULE_NAMES.slice(1)) {
    server.answer((name) => (name === due ? Promise.resolve(DESCRIBED) : Promise.reject(SLOW)));
    await expect(server.read()).rejects.toThrow("did not answer");
  }
  server.answer(described);
  const before = server.asked.length;
  expect(await server.read()).toHaveLength(SCHEDULE_NAMES.length);
  expect(server.asked.slice(before)).toEqual([SCHEDULE_NAMES[0]]);
});

test("an answer that takes long is not waited for, and counts once it is there", async () => {
  const server = stage();
  const rows = await server.read();
  const late = Promise.withResolvers<ScheduleDescription>();
  server.answer(() => late.promise);
  server.pass(30_000);
  const before = server.asked.length;
  expect(await server.read()).toEqual(rows);
  const again = server.read();
  expect(server.asked.slice(before)).toEqual(SCHEDULE_NAMES);
  late.resolve({ ...DESCRIBED, missed: 3 });
  expect((await again).every(({ schedule_skipped: skipped }) => skipped === 3)).toBe(true);
});

test("a server that refuses is not covered by what it said before", async () => {
  const server = stage();
  await server.read();
  server.pass(30_000);
  server.answer((name) => Promise.reject(name === SCHEDULE_NAMES[0] ? SLOW : REFUSED));
  await expect(server.read()).rejects.toThrow("refused");
});
