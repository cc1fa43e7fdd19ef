/** Scan files for tests: some written by pyarrow, others built with apache-arrow's writer. */
import { readFileSync } from "node:fs";
import {
  type Data,
  type DataType,
  Field,
  Float64,
  Int64,
  List,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimeUnit,
  Timestamp,
  Utf8,
  makeData,
} from "apache-arrow";
import { expect } from "vitest";
import { z } from "zod";
import type { FastRead } from "../../src/wire/arrow/read-scan.ts";

const FIXTURES = new URL("../fixtures/scans/", import.meta.url);

const Lists = {
  scan_number: z.number(),
  timestamp: z.string(),
  assets: z.array(z.string()).readonly(),
  eigenvalues: z.array(z.number()).readonly(),
  assets_invalid: z.array(z.string()).readonly(),
};
const Scan = z.strictObject({
  ...Lists,
  asset_prices: z.array(z.tuple([z.string(), z.number()]).readonly()).readonly(),
});
/** What write_variants.py states for each file: the scan, or the reason why there is none. */
const ExpectedFile = z.record(z.string(), z.union([z.strictObject({ invalid: z.string() }), Scan]));
export type Expected = { readonly invalid: string } | Readonly<z.infer<typeof Scan>>;

export function scanFixture(name: string): Buffer {
  return readFileSync(new URL(`${name}.arrow`, FIXTURES));
}

export function scanFixtures(): readonly (readonly [string, Expected])[] {
  return readExpected(new URL("expected.json", FIXTURES));
}

export function readExpected(file: URL | string): readonly (readonly [string, Expected])[] {
  return Object.entries(ExpectedFile.parse(JSON.parse(readFileSync(file, "utf8"))));
}

/** The reading gives the same scan, or the same reason. */
export function checkReading(read: FastRead, expected: Expected): void {
  if ("invalid" in expected) {
    expect(read).toMatchObject({ kind: "invalid", reason: expected.invalid });
    return;
  }
  expect(read).toMatchObject({ kind: "scan" });
  if (read.kind !== "scan") return;
  const { scan } = read;
  const { asset_prices: prices, ...lists } = parseScan(scan.json);
  const { asset_prices: pricesExpected, ...listsExpected } = expected;
  expect(lists).toEqual(listsExpected);
  expect(prices).toEqual(new Map(pricesExpected));
  expect(scan.scanNumber).toBe(expected.scan_number);
  expect(scan.timestamp).toBe(expected.timestamp);
  expect(scan.assetCount).toBe(expected.assets.length);
  expect(scan.assetsInvalid).toEqual(expected.assets_invalid);
}

/** Prices as a map: __proto__ is a key like any other, and an object puts number-like keys first. */
function parseScan(members: string) {
  const parsed: unknown = JSON.parse(`{${members}}`);
  const asMap = z.custom<object>().transform((prices) => new Map(Object.entries(prices)));
  return z.strictObject({ ...Lists, asset_prices: asMap }).parse(parsed);
}

export type MadeScan = {
  readonly scanNumber: bigint;
  readonly timestamp: bigint;
  readonly timeUnit: TimeUnit;
  readonly timeZone: string | null;
  readonly assets: readonly (string | null)[];
  readonly prices: readonly (number | null)[];
  readonly eigenvalues: readonly (number | null)[];
  /** Values of the child columns that belong to no row, in front of the row's. */
  readonly unused: number;
  readonly form: "file" | "stream";
  readonly metadata: ReadonlyMap<string, string>;
};

export const PLAIN_SCAN: MadeScan = {
  scanNumber: 7n,
  timestamp: 1_774_434_030_123_456n,
  timeUnit: TimeUnit.MICROSECOND,
  timeZone: "UTC",
  assets: ["BTCUSDT", "ETHUSDT", "SOLUSDT"],
  prices: [67_123.45, 3_521.1, 1 / 7],
  eigenvalues: [2.000_000_000_000_000_4, 0.9, 0.1],
  unused: 0,
  form: "file",
  metadata: new Map(),
};

export function makeScan(changes: Partial<MadeScan>): Buffer {
  const made = { ...PLAIN_SCAN, ...changes };
  const one = { length: 1, nullCount: 0 };
  const time = new Timestamp(made.timeUnit, made.timeZone);
  return writeColumns(
    {
      scan_number: makeData({ ...one, type: new Int64(), data: BigInt64Array.of(made.scanNumber) }),
      timestamp: makeData({ ...one, type: time, data: BigInt64Array.of(made.timestamp) }),
      assets: oneList(textData(withUnused(made.assets, made.unused, "unused")), made.unused),
      asset_prices: oneList(doubleData(withUnused(made.prices, made.unused, 1)), made.unused),
      eigenvalues: oneList(doubleData(withUnused(made.eigenvalues, made.unused, 1)), made.unused),
    },
    made,
  );
}

/** A file of one row with these columns. */
export function writeColumns(
  columns: Readonly<Record<string, Data>>,
  { form, metadata }: Pick<MadeScan, "form" | "metadata">,
): Buffer {
  const fields = Object.entries(columns).map(([name, data]) => new Field(name, data.type, true));
  const schema = new Schema(fields, new Map(metadata));
  const type = new Struct(schema.fields);
  const children = Object.values(columns);
  const row = makeData({ type, length: 1, nullCount: 0, children });
  const writer = form === "file" ? new RecordBatchFileWriter() : new RecordBatchStreamWriter();
  writer.write(new RecordBatch(schema, row));
  writer.finish();
  return Buffer.from(writer.toUint8Array(true));
}

export function oneList<Item extends DataType>(child: Data<Item>, first = 0): Data<List<Item>> {
  return makeData({
    type: new List(new Field("item", child.type, true)),
    length: 1,
    nullCount: 0,
    valueOffsets: Int32Array.of(first, child.length),
    child,
  });
}

function doubleData(values: readonly (number | null)[]): Data<Float64> {
  // A null's own bits are of no account: a number that would pass shows who looks at them.
  const data = Float64Array.from(values, (value) => value ?? 1);
  return makeData({ type: new Float64(), length: values.length, data, ...validity(values) });
}

function textData(values: readonly (string | null)[]): Data<Utf8> {
  const encoded = values.map((value) => new TextEncoder().encode(value ?? ""));
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [at, text] of encoded.entries()) {
    valueOffsets[at + 1] = (valueOffsets[at] ?? 0) + text.length;
  }
  const data = new Uint8Array(Buffer.concat(encoded));
  return makeData({
    type: new Utf8(),
    length: values.length,
    valueOffsets,
    data,
    ...validity(values),
  });
}

function validity(values: readonly unknown[]): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullCount = values.filter((value) => value === null).length;
  if (nullCount === 0) return { nullCount };
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  for (const [at, value] of values.entries()) {
    if (value !== null) nullBitmap[at >> 3]! |= 1 << (at & 7);
  }
  return { nullCount, nullBitmap };
}

function withUnused<T>(values: readonly T[], count: number, value: T): readonly T[] {
  return [...Array.from({ length: count }, () => value), ...values];
}
