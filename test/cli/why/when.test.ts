import { expect, test } from "vitest";
import { timeFrom, whenFrom } from "../../../src/cli/why/when.ts";

const NOW_MS = Date.parse("2026-03-25T12:00:00Z");

test.each([
  ["2026-03-25T10:15:00Z", "2026-03-25T10:15:00.999Z"],
  ["2026-03-25 10:15", "2026-03-25T10:15:00.999Z"],
  ["2026-03-25T12:15:00+02:00", "2026-03-25T10:15:00.999Z"],
  ["2026-03-25T10:15:00.250Z", "2026-03-25T10:15:00.250Z"],
  ["10:15", "2026-03-25T10:15:00.999Z"],
  ["10:15:07", "2026-03-25T10:15:07.999Z"],
  ["2026-03-24", "2026-03-24T23:59:59.999Z"],
])("%s is a time of UTC, to the end of its second", (text, expected) => {
  expect(new Date(timeFrom(text, NOW_MS)).toISOString()).toBe(expected);
});

test("neither time nor seq is now; both, or what is none, is refused by name", () => {
  expect(whenFrom({}, NOW_MS)).toEqual({ kind: "now" });
  expect(whenFrom({ seq: "41" }, NOW_MS)).toEqual({ kind: "seq", seq: 41 });
  expect(() => whenFrom({ at: "10:15", seq: "41" }, NOW_MS)).toThrow("either --at or --seq");
  for (const at of ["soon", "25:99", "2026-13-45", "1.2"]) {
    expect(() => timeFrom(at, NOW_MS)).toThrow(`was '${at}'`);
  }
  expect(() => whenFrom({ seq: "-1" }, NOW_MS)).toThrow("--seq takes the seq of a scan, was '-1'");
});
