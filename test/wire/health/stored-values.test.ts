import { describe, expect, test } from "vitest";
import {
  storedBeat,
  storedPosture,
  storedScan,
  storedState,
  storedTimes,
} from "../../../src/wire/health/stored-values.ts";

const SCAN = {
  seq: 7,
  epoch: 1,
  scan_number: 42,
  timestamp: "2026-03-25T10:30:00.000000+00:00",
  bridge_ts: "2026-03-25T10:30:01.000000+00:00",
  assets: ["BTCUSDT", "ETHUSDT"],
  asset_prices: { BTCUSDT: 60_000, ETHUSDT: "3000" },
  eigenvalues: [1.5, null],
};
const AT_US = Date.parse("2026-03-25T10:30:00Z") * 1_000;
const READERS = { storedScan, storedPosture, storedState, storedBeat, storedTimes };

describe("what strangers leave under our keys", () => {
  const garbage: readonly (readonly [string, unknown])[] = [
    ["a value that is no text", Symbol("foreign")],
    ["a number", 7],
    ["no JSON", "{not json"],
    ["a list", "[1]"],
    ["a word", '"APEX"'],
    ["null as text", "null"],
    ["9 MB", JSON.stringify({ seq: 1, padding: "x".repeat(9_000_000) })],
    ["9 MB that are deep", "[".repeat(9_000_000)],
  ];
  test.each(garbage)("%s is reported as no value, by every reader", (_what, found) => {
    for (const read of Object.values(READERS)) {
      expect(read(found)).toEqual({ kind: "foreign", why: expect.any(String) });
    }
  });

  test("nothing there is nothing", () => {
    for (const read of Object.values(READERS)) expect(read(null)).toEqual({ kind: "nothing" });
  });

  test.each([
    ["a seq of text", { seq: "7" }],
    ["a seq below nothing", { seq: -1 }],
    ["a scan number that is no integer", { scan_number: 1.5 }],
    ["prices as a list", { asset_prices: [1] }],
    ["eigenvalues as text", { eigenvalues: "1,2" }],
    ["assets left out", { assets: undefined }],
  ])("a scan with %s is none", (_what, changed) => {
    expect(storedScan(JSON.stringify({ ...SCAN, ...changed })).kind).toBe("foreign");
  });
});

test("a scan, with NaN for what is no number in it", () => {
  expect(storedScan(JSON.stringify(SCAN))).toEqual({
    kind: "value",
    value: {
      seq: 7,
      epoch: 1,
      scanNumber: 42,
      timestampUs: AT_US,
      bridgeUs: AT_US + 1_000_000,
      prices: new Map([
        ["BTCUSDT", 60_000],
        ["ETHUSDT", Number.NaN],
      ]),
      assets: 2,
      eigenvalues: [1.5, Number.NaN],
    },
  });
});

const valueOf = (read: (found: unknown) => object, fields: object) => read(JSON.stringify(fields));

test("times that name no moment are NaN, and those that nobody gives null", () => {
  expect(valueOf(storedPosture, { posture: "BRAVE", ts: "soon" })).toEqual({
    kind: "value",
    value: { posture: null, tsUs: Number.NaN },
  });
  expect(valueOf(storedState, { capital: 1, equity: "2", updated_at: SCAN.timestamp })).toEqual({
    kind: "value",
    value: { cash: 1, equity: null, updatedUs: AT_US },
  });
  expect(valueOf(storedTimes, { as_of: 12 })).toEqual({
    kind: "value",
    value: { asOfUs: Number.NaN, pushedUs: null },
  });
  expect(valueOf(storedTimes, { value: 1 })).toMatchObject({ kind: "foreign" });
  expect(valueOf(storedBeat, { updated_at: SCAN.timestamp })).toEqual({
    kind: "value",
    value: AT_US,
  });
});
