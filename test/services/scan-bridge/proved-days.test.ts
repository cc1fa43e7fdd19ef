import { expect, test } from "vitest";
import { provedDay } from "../../../src/services/scan-bridge/commit/proved-days.ts";

const usOf = (day: string) => Date.parse(`${day}T12:00:00Z`) * 1_000;
const scan = (day: string, mtimeOf = day) => ({
  file: `${day}/a.arrow`,
  timeUs: usOf(mtimeOf),
});

type Row = readonly [
  what: string,
  clock: string,
  days: { readonly first: ReturnType<typeof scan>; readonly newest: ReturnType<typeof scan> },
  proved: string,
];

test.each<Row>([
  [
    "is right",
    "2026-03-25",
    { first: scan("2026-03-22"), newest: scan("2026-03-25") },
    "2026-03-23",
  ],
  [
    "is years ahead: today stays ours",
    "2028-03-25",
    { first: scan("2026-03-22"), newest: scan("2026-03-25") },
    "2026-03-25",
  ],
  [
    "is years ahead, and more seqs are forgotten today",
    "2028-03-25",
    { first: scan("2026-12-31"), newest: scan("2026-12-31") },
    "2027-01-01",
  ],
  [
    "is behind: no day counts whose seqs are forgotten",
    "2026-03-10",
    { first: scan("2026-03-22"), newest: scan("2026-03-25") },
    "2026-03-23",
  ],
  [
    "is right, and the newest scan lies in a folder far ahead",
    "2026-03-25",
    { first: scan("2026-03-22"), newest: scan("2099-01-01", "2026-03-25") },
    "2026-03-23",
  ],
  [
    "is right, and no scan came for long",
    "2026-03-25",
    { first: scan("2026-03-10"), newest: scan("2026-03-10") },
    "2026-03-11",
  ],
])(
  "which days are known in full after an import where our clock %s",
  (_what, clock, days, proved) => {
    expect(provedDay({ nowUs: usOf(clock), ...days })).toBe(proved);
  },
);
