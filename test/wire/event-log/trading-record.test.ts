import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TraderEvent } from "../../../src/domain/trading/events.ts";
import {
  TradingRecordDecoder,
  TradingRecordEncoder,
} from "../../../src/wire/event-log/trading-record.ts";

const nowMs = 1_774_434_030_123;
const fill = { number: 1, quantity: 0.1 + 0.2, price: 1e-310, fee: -0 };
const OTHERS: readonly TraderEvent[] = [
  { kind: "started", index: 0, nowMs, configurationHash: "a", codeHash: "b", snapshotHash: "" },
  { kind: "scan_lost", index: 1, nowMs, seq: 2 ** 53 - 1 },
  { kind: "feature", index: 2, nowMs, name: "fünding\n🐬", value: NaN, asOfMs: -Infinity },
  { kind: "feature", index: 3, nowMs, name: "x", value: -0, asOfMs: 5e-324 },
  { kind: "posture", index: 4, nowMs, posture: "UNKNOWN", asOfMs: Infinity, source: "static" },
  {
    kind: "book",
    index: 15,
    nowMs,
    asset: "BTCUSDT",
    asOfMs: 0.1 + 0.2,
    bids: [5e-324, 0.1 + 0.2],
    asks: [1e300, 2 ** -30, 1e301, 7],
  },
  // As a trader received it that did not refuse such a value yet.
  {
    kind: "book",
    index: 16,
    nowMs,
    asset: "BTCUSDT",
    asOfMs: 1,
    bids: [1, 1],
    asks: [Infinity, 1],
  },
  {
    kind: "book",
    index: 17,
    nowMs: nowMs + 0.1,
    asset: "ü🐬",
    asOfMs: NaN,
    bids: [-0, NaN, 1e-310],
    asks: [],
    knownMs: 0.1 + 0.2,
  },
  // Too large for its own layout, and no text in UTF-8.
  { kind: "book", index: 18, nowMs, asset: "A", asOfMs: 1, bids: Array(1_200).fill(1), asks: [1] },
  { kind: "book", index: 19, nowMs, asset: "\ud83d", asOfMs: 1, bids: [1, 1], asks: [2, 1] },
  { kind: "tick", index: 5, nowMs: nowMs + 0.1 },
  { kind: "order_accepted", index: 6, nowMs, clientOrderId: "BLUE-1-e", brokerOrderId: "7" },
  { kind: "order_partly_filled", index: 7, nowMs, clientOrderId: "BLUE-1-e", fill },
  { kind: "order_filled", index: 8, nowMs, clientOrderId: "BLUE-1-e", fill },
  { kind: "order_rejected", index: 9, nowMs, clientOrderId: "BLUE-1-e", reason: "no" },
  { kind: "order_cancelled", index: 10, nowMs, clientOrderId: "BLUE-1-e", reason: "no" },
  { kind: "order_unknown", index: 11, nowMs, clientOrderId: "BLUE-1-e", reason: "no" },
  {
    kind: "operator",
    index: 12,
    nowMs,
    commandId: "1",
    by: "cli",
    command: {
      kind: "enter",
      asset: "BTCUSDT",
      direction: "short",
      share: 0.2,
      plan: { takeProfit: 0.01, stopLoss: Infinity, holdScansMax: 120, bucket: "calm" },
    },
  },
  { kind: "operator", index: 13, nowMs, commandId: "2", by: "web", command: { kind: "flatten" } },
  { kind: "day_rolled", index: 14, nowMs, day: "2026-03-25" },
];

type Scan = Extract<TraderEvent, { readonly kind: "scan" }>;

/** With prices, eigenvalues and features at offsets within larger buffers, as the core gets them. */
function scanOf(index: number, assets: readonly string[], numbers: readonly number[]): Scan {
  const values = Float64Array.from([99, ...numbers, 99, 99, 99]);
  return {
    kind: "scan",
    index,
    nowMs: nowMs + index,
    seq: index * 3,
    scanNumber: 2 ** 40 + index,
    asOfMs: nowMs - 0.125,
    isReplayed: index % 2 === 1,
    isLate: index % 3 === 1,
    isRepaired: index % 5 === 1,
    assets,
    prices: values,
    pricesAt: 1,
    eigenvalues: values,
    eigenvaluesAt: 2,
    eigenvalueCount: Math.max(0, numbers.length - 1),
    carried: values,
    carriedAt: numbers.length,
  };
}

/** Everything that a scan says, wherever its numbers lie. */
function meaningOf(event: TraderEvent): unknown {
  if (event.kind !== "scan") return event;
  const { prices, pricesAt, eigenvalues, eigenvaluesAt, carried, carriedAt, ...rest } = event;
  return {
    ...rest,
    prices: prices.slice(pricesAt, pricesAt + event.assets.length),
    eigenvalues: eigenvalues.slice(eigenvaluesAt, eigenvaluesAt + event.eigenvalueCount),
    carried: carried.slice(carriedAt, carriedAt + 2),
  };
}

/** Through one encoder and one decoder, as through one segment; returns how often names were written. */
function checkRoundTrip(events: readonly TraderEvent[]): number {
  const encoder = new TradingRecordEncoder(2);
  const decoder = new TradingRecordDecoder();
  let definitions = 0;
  for (const event of events) {
    const definition = encoder.definitionFor(event);
    if (definition !== null) {
      definitions++;
      encoder.learn(definition);
      decoder.define(definition);
    }
    const decoded = decoder.decode(Buffer.from(encoder.encode(event)), event.index);
    expect(meaningOf(decoded)).toStrictEqual(meaningOf(event));
  }
  return definitions;
}

describe("an event", () => {
  test.each(OTHERS)("$kind reads back to the same bits", (event) => {
    expect(checkRoundTrip([event])).toBe(0);
  });

  test("scan reads back to the same bits, whatever its universe; names are written once", () => {
    const universe = fc
      .constantFrom("A", "B", "C", "ü🐬")
      .chain((name) =>
        fc
          .array(fc.double(), { minLength: 1, maxLength: 40 })
          .map((numbers) => ({ name, numbers })),
      );
    fc.assert(
      fc.property(fc.array(universe, { maxLength: 30 }), (scans) => {
        const events = scans.map(({ name, numbers }, index) =>
          scanOf(
            index,
            numbers.map((_, at) => `${name}${at}`),
            numbers,
          ),
        );
        const universes = new Set(events.map(({ assets }) => assets.join()));
        expect(checkRoundTrip(events)).toBe(universes.size);
      }),
    );
  });

  test("scan grows beyond every buffer, and more universes than numbers are kept apart", () => {
    const events = Array.from({ length: 200 }, (_, index) => {
      const numbers = Array.from(
        { length: 1 + ((index * 53) % 3_000) },
        (__, at) => index / (at + 1),
      );
      return scanOf(
        index,
        numbers.map((__, at) => `${index % 90}-${at}`),
        numbers,
      );
    });
    expect(checkRoundTrip(events)).toBeGreaterThan(90);
  });
});

test("a book of an older release, in JSON, is read to the same bits", () => {
  const book = { kind: "book", nowMs, asset: "A", asOfMs: 1, bids: [0.1 + 0.2, 1], asks: [2, 1] };
  const record = Buffer.from(`\x01${JSON.stringify({ ...book, knownMs: 3 })}`);
  const read = new TradingRecordDecoder().decode(record, 4);
  expect(read).toStrictEqual({ ...book, index: 4, knownMs: 3 });
});

test.each<[string, Buffer, string | RegExp]>([
  ["an unknown kind", Buffer.of(9, 1, 2), "begins with byte 9"],
  ["text that is no event", Buffer.from('\x01{"kind":"tick"}'), "nowMs"],
  [
    "an unknown field",
    Buffer.from('\x01{"kind":"tick","nowMs":1,"x":1}'),
    /x.*newer release.*restore a backup/s,
  ],
  ["a book that ends early", Buffer.from([4, 0, 1, 0, 2, 0, ...Buffer.alloc(40)]), "46 bytes"],
  ["a book with an unknown flag", Buffer.from([4, 2, ...Buffer.alloc(30)]), "newer release"],
  ["a scan with an unknown flag", Buffer.from([2, 8, ...Buffer.alloc(46)]), "newer release"],
  ["a scan without its names", Buffer.from([2, ...Buffer.alloc(47)]), "no assets"],
])("%s is refused with what was found", (_, record, found) => {
  expect(() => new TradingRecordDecoder().decode(Buffer.from(record), 1)).toThrow(found);
});
