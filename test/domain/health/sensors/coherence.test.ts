import { describe, expect, test } from "vitest";
import {
  type CoherenceObservation,
  senseCoherence,
} from "../../../../src/domain/health/sensors/coherence.ts";
import type { ScanValues } from "../../../../src/domain/health/sensors/scan-coherence.ts";

const NOW = 1_800_000_000_000_000;
const SCAN: ScanValues = {
  seq: 11,
  epoch: 2,
  scanNumber: 501,
  timestampUs: NOW - 1_000_000,
  bridgeUs: NOW - 500_000,
  prices: new Map([
    ["BTCUSDT", 60_000],
    ["ETHUSDT", 3_000],
  ]),
  assets: 2,
  eigenvalues: [1.5, 0.5],
};
const BEFORE: ScanValues = { ...SCAN, seq: 10, scanNumber: 500, timestampUs: NOW - 6_000_000 };
const BOOK = { cash: 100_000, equity: 100_200, updatedUs: NOW - 1_000_000 };
const SANE: CoherenceObservation = {
  atUs: NOW,
  scan: { kind: "value", value: SCAN },
  before: BEFORE,
  posture: { kind: "value", value: { posture: "APEX", tsUs: NOW - 2_000_000 } },
  books: [{ book: "BLUE", state: { kind: "value", value: BOOK }, journaledCash: 100_000 }],
  heartbeats: [{ service: "scan-bridge", beat: { kind: "value", value: NOW - 900_000 } }],
  clockStepS: 0.01,
};

const scan = (changed: Partial<ScanValues>) =>
  ({ scan: { kind: "value", value: { ...SCAN, ...changed } } }) as const;
const book = (changed: Partial<typeof BOOK> & { readonly journaledCash?: number }) => {
  const { journaledCash = 100_000, ...state } = changed;
  const value = { ...BOOK, ...state };
  return { books: [{ book: "BLUE", state: { kind: "value", value }, journaledCash }] } as const;
};
const posture = (value: string | null, tsUs = NOW) =>
  ({ posture: { kind: "value", value: { posture: value, tsUs } } }) as const;
const prices = (...pairs: readonly (readonly [string, number])[]) =>
  scan({ prices: new Map(pairs) });

describe("what makes no sense scores nothing, and says why", () => {
  test.each([
    [
      "a price of NaN",
      prices(["BTCUSDT", Number.NaN], ["ETHUSDT", 3_000]),
      "the price of BTCUSDT is NaN",
    ],
    ["a negative price", prices(["BTCUSDT", -1], ["ETHUSDT", 3_000]), "the price of BTCUSDT is -1"],
    ["too few prices", scan({ assets: 5 }), "2 prices for 5 assets"],
    ["no assets", scan({ assets: 0 }), "the latest scan has no assets"],
    [
      "eigenvalues out of order",
      scan({ eigenvalues: [0.5, 1.5] }),
      "eigenvalue 2 is 1.5, out of order or none",
    ],
    [
      "an eigenvalue of NaN",
      scan({ eigenvalues: [Number.NaN] }),
      "eigenvalue 1 is NaN, out of order or none",
    ],
    [
      "prices that jump",
      prices(["BTCUSDT", 6], ["ETHUSDT", 3_000]),
      "1 of 2 prices jump by more than 50 %: BTCUSDT from 60000 to 6",
    ],
    ["a seq that goes back", scan({ seq: 9 }), "seq 9 after 10"],
    ["an epoch that goes back", scan({ epoch: 1 }), "epoch 1 after 2"],
    [
      "the same scan again",
      scan({ scanNumber: 500, timestampUs: BEFORE.timestampUs }),
      "scan 500 again as seq 11, after 10",
    ],
    [
      "a scan from the future",
      scan({ bridgeUs: NOW + 60_000_000 }),
      "scan clock: its time is 60 s ahead of this machine's clock",
    ],
    [
      "garbage in a scan's place",
      { scan: { kind: "foreign", why: "no scan stands there" } },
      "scan values: no scan stands there",
    ],
    ["a posture of no ladder", posture(null), "the posture is no step of the ladder"],
    ["a posture without a time", posture("APEX", Number.NaN), "posture clock: its time is none"],
    [
      "a book that differs from its journal",
      book({ journaledCash: 90_000 }),
      "book BLUE: cash 100000.00, 90000.00 in its journal",
    ],
    [
      "a book worth nothing that is a number",
      book({ equity: Number.NaN }),
      "book BLUE: its cash or equity is no number",
    ],
    [
      "a heartbeat from the future",
      { heartbeats: [{ service: "x", beat: { kind: "value", value: NOW + 3_600_000_000 } }] },
      "heartbeat x: its time is 60 min ahead of this machine's clock",
    ],
    [
      "a clock that was set back",
      { clockStepS: -3_600 },
      "this machine's clock was set back by 60 min",
    ],
  ] as const)("%s", (_what, changed, says) => {
    const found = senseCoherence({ ...SANE, ...changed });
    expect(found.parts.filter(({ score }) => score !== 1)).toEqual([
      { subject: expect.any(String), score: 0, says },
    ]);
    expect(found.score).toBeLessThan(1);
  });
});

describe("what is sane", () => {
  test.each([
    ["all of it", {}],
    ["a first look", { before: null, clockStepS: null }],
    ["the same scan still", scan({ ...BEFORE })],
    ["scan numbers that begin anew", scan({ scanNumber: 1 })],
    ["a new epoch", scan({ epoch: 3, seq: 4 })],
    [
      "one of many assets that is listed anew",
      { before: { ...BEFORE, prices: new Map([["BTCUSDT", 60_000]]) } },
    ],
    [
      "prices that were hours apart",
      { before: { ...BEFORE, timestampUs: 0, prices: new Map([["BTCUSDT", 1]]) } },
    ],
    ["a book without fills", { books: [{ ...SANE.books[0]!, journaledCash: null }] }],
  ] as const)("%s", (_what, changed) => {
    expect(senseCoherence({ ...SANE, ...changed }).score).toBe(1);
  });
});

test("what cannot be read is unknown, and what is not there is no part", () => {
  const away = { kind: "unknown", why: "Hazelcast does not answer" } as const;
  const nothing = { kind: "nothing" } as const;
  const none = { ...SANE, books: [], heartbeats: [], clockStepS: null };
  expect(senseCoherence({ ...none, scan: away, posture: nothing })).toEqual({
    score: null,
    parts: [
      { subject: "scan values", score: null, says: "scan values: Hazelcast does not answer" },
    ],
  });
});
