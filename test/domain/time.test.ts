import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isoFromMs, msFromIso } from "../../src/domain/time.ts";

/** Microseconds are whole numbers until 2255. */
const LAST_DAY = Date.UTC(2_200, 11, 31);

test("a time that was written as ISO-8601 is read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LAST_DAY }), (ms) => {
      expect(msFromIso(isoFromMs(ms))).toBe(ms);
      expect(msFromIso(new Date(ms).toISOString())).toBe(ms);
    }),
  );
});

test("days of any year count as the calendar has them", () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1_000, 0, 1), max: LAST_DAY }), (ms) => {
      const day = new Date(ms).toISOString().slice(0, 10);
      expect(msFromIso(day)).toBe(Date.parse(day));
    }),
  );
});

test.each([
  "2026-03-25T10:20:30+02:00",
  "2026-03-25T10:20:30.5-05:30",
  "2026-03-25T10:20Z",
  "2026-03-25T10:20:30.007123+00:00",
  "2024-02-29T23:59:59.999999Z",
])("%s is read as the language does", (text) => {
  expect(msFromIso(text)).toBe(Date.parse(text));
});

test.each(["", "never", "2026-03", "2026-03-25T10", "1771234567"])("'%s' is no time", (text) => {
  expect(msFromIso(text)).toBeNaN();
});
