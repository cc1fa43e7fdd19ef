import { expect, test } from "vitest";
import { dayFacts, skippedIn } from "../../../src/operations/incidents/temporal-facts.ts";

const DAY_MS = 86_400_000;

function skipped(table: ReturnType<typeof skippedIn>) {
  return table["schedule.compact-archive.skipped"];
}

function counts(unexplained: number) {
  return { causes: { late: 5, unexplained } };
}

function row(total: number) {
  return {
    schedule: "compact-archive",
    paused: null,
    last_due_at: null,
    last_late_s: null,
    next_at: null,
    schedule_skipped: total,
    overlap_skipped: 0,
  };
}

test("runs that were left out are news for a day, those of before never", () => {
  const first = skippedIn([row(7)], {}, 10 * DAY_MS);
  expect(skipped(first)).toBe(0);
  const more = skippedIn([row(9)], first, 10 * DAY_MS + 1);
  expect(skipped(more)).toBe(2);
  // Also of another process, from its file.
  const kept: ReturnType<typeof skippedIn> = JSON.parse(JSON.stringify(more));
  const still = skippedIn([row(9)], kept, 11 * DAY_MS);
  expect(skipped(still)).toBe(2);
  const again = skippedIn([row(10)], still, 11 * DAY_MS);
  expect(skipped(again)).toBe(3);
  expect(skipped(skippedIn([row(10)], again, 12 * DAY_MS))).toBe(0);
});

test.each([
  ["equal", 0, false],
  ["not_comparable", 0, false],
  ["different", 0, true],
  ["equal", 2, true],
])(
  "a day that replays as %s, with %i differences of the broker's: broken is %s",
  (verdict, count, broken) => {
    const found = dayFacts({
      book: "A",
      day: "2026-03-25",
      replay: { verdict },
      broker_parity: { differences: count },
      backtest_drift: { measured: true, decisions: counts(1), trades: counts(2) },
    });
    expect(found?.facts).toEqual({
      "parity.A.broken": broken,
      "parity.A.day": "2026-03-25",
      "drift.A.unexplained": 3,
      "drift.A.day": "2026-03-25",
    });
    expect(dayFacts(null)).toBeNull();
  },
);
