import { expect, test } from "vitest";
import { announce } from "../../../src/adapters/event-log/retention-notice.ts";
import { MS_PER_DAY } from "../../../src/domain/time.ts";

const NOW_MS = Date.parse("2026-06-30T01:00:00Z");
const due = { oldest: "2026-01-01", keepFrom: "2026-04-01", nowMs: NOW_MS };
const notice = (before: string, agoMs: number) => ({ before, at_ms: NOW_MS - agoMs });

test.each([
  ["what is old is announced first", null, due, null, "2026-04-01"],
  ["within a day of it nothing goes", notice("2026-03-31", MS_PER_DAY - 1), due, null, null],
  [
    "then it goes, and the next is announced",
    notice("2026-03-31", MS_PER_DAY),
    due,
    "2026-03-31",
    "2026-04-01",
  ],
  ["the same is announced once", notice("2026-04-01", MS_PER_DAY), due, "2026-04-01", null],
  ["a young log has nothing to announce", null, { ...due, oldest: "2026-04-01" }, null, null],
  ["nor has one of a single day", null, { ...due, oldest: undefined }, null, null],
  [
    "a clock that was set back only waits longer",
    notice("2026-03-31", -MS_PER_DAY),
    due,
    null,
    null,
  ],
] as const)("%s", (_, found, asked, deleteBefore, announced) => {
  const answer = announce(found, asked);
  expect(answer.deleteBefore).toBe(deleteBefore);
  expect(answer.notice).toEqual(announced === null ? null : { before: announced, at_ms: NOW_MS });
});
