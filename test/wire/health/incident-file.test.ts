/** Files of recorded health that people edit by hand: what is wrong is named by its line. */
import { expect, test } from "vitest";
import { parseRecordedHealth } from "../../../src/wire/health/incident-file.ts";
import { GRAPH } from "../../helpers/health/faulty-world.ts";

const DIAGNOSIS = { roots: [], symptoms: [], word: "GREEN", rmMeta: 1 };

function transition(atMs: number): string {
  return JSON.stringify({ atMs, diagnosis: DIAGNOSIS });
}

const AT_MS = Date.parse("2026-03-25T12:00:00Z");
const SAMPLE = { atUs: AT_MS * 1_000, sensors: {}, services: [] };

test.each([
  ["an empty line counts", `\n\n${transition(AT_MS)}\n{}`, "line 4 is neither"],
  ["no JSON", `${transition(AT_MS)}\r\n\u0000\u0001`, "line 2 is neither"],
  ["half a sample", JSON.stringify(SAMPLE), "line 1 is a sample that cannot be diagnosed"],
  ["a time that no clock has", transition(1e308), "line 1 is neither"],
  ["a time before all clocks", transition(-1), "line 1 is neither"],
  [
    "microseconds for milliseconds in one record",
    [transition(AT_MS), transition(1_000)].join("\n"),
    "its records are of 20537 days, from 1970-01-01T00:00:01.000000",
  ],
])("%s is refused by name", (_what, text, why) => {
  expect(() => parseRecordedHealth(text, GRAPH)).toThrow(why);
});

test("records in any order are read by their times", () => {
  const text = `${transition(AT_MS + 5_000)}\n\n${transition(AT_MS)}\n`;
  const times = parseRecordedHealth(text, GRAPH).map(({ atMs }) => atMs - AT_MS);
  expect(times).toEqual([0, 5_000]);
});
