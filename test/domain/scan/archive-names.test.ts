import { expect, test } from "vitest";
import {
  isDayFolder,
  isScanFile,
  isScanName,
  isWholeName,
  previousDay,
} from "../../../src/domain/scan/archive-names.ts";

const MS_PER_DAY = 86_400_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

test("every day of four hundred years is one, and the day before is the day before", () => {
  const wrong: string[] = [];
  let before = "1999-12-31";
  for (let ms = Date.UTC(2000, 0, 1); ms < Date.UTC(2400, 0, 1); ms += MS_PER_DAY) {
    const day = dayOf(ms);
    if (!isDayFolder(day) || previousDay(day) !== before) wrong.push(day);
    before = day;
  }
  expect(before).toBe("2399-12-31");
  expect(wrong).toEqual([]);
});

test.each([
  "2026-02-29",
  "2026-02-30",
  "1900-02-29",
  "2026-13-01",
  "2026-00-10",
  "2026-01-00",
  "2026-04-31",
  "2026-1-01",
  "2026-01-01 ",
  "\u0662026-01-01",
  "2026-01-01\n",
  "",
])("%j is no day", (name) => {
  expect(isDayFolder(name)).toBe(false);
});

test.each([
  ["a.arrow", true],
  ["-.arrow", true],
  ["~$a.arrow", true],
  [".a.arrow", false],
  [".arrow", false],
  ["a.arrow.tmp", false],
  ["a.ARROW", false],
  ["a.arrow~", false],
  ["", false],
])("%j is the name of a scan: %s", (name, expected) => {
  expect(isScanName(name)).toBe(expected);
});

test.each([
  ["2026-03-25/a.arrow", true],
  ["2026-03-25/two\nlines.arrow", true],
  ["2026-02-30/a.arrow", false],
  ["../../etc/passwd", false],
  ["2026-03-25/../../a.arrow", false],
  ["2026-03-25/sub/a.arrow", false],
  ["2026-03-25/", false],
  ["/a.arrow", false],
  ["a.arrow", false],
  ["", false],
])("%j is a scan file: %s", (file, expected) => {
  expect(isScanFile(file)).toBe(expected);
});

test("bytes that are no UTF-8 leave their mark in a name", () => {
  expect(isWholeName("café.arrow")).toBe(true);
  expect(isWholeName(Buffer.of(0x61, 0xff, 0x62).toString())).toBe(false);
});
