import { Field, Float64, List, Utf8, makeData, vectorFromArray, type DataType } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { locateFrame } from "../../../src/wire/arrow/completeness.ts";
import { fieldAt, vectorAt } from "../../../src/wire/arrow/flatbuffer.ts";
import { readScanGeneral } from "../../../src/wire/arrow/any-layout/any-layout.ts";
import { readScanFast } from "../../../src/wire/arrow/read-scan.ts";
import { makeScan, oneList, writeColumns } from "../../helpers/arrow-scans.ts";

/** What the bridge comes to, and that it does so without looping over what the file claims. */
function checkReason(bytes: Buffer, reasons: string): void {
  const fast = readScanFast(bytes);
  const read = fast.kind === "needs_general" ? readScanGeneral(bytes) : fast;
  expect(read.kind === "invalid" ? read.reason : read.kind).toBe(reasons);
}

/** Where the parts of the only batch lie in a made file. */
function placesOf(bytes: Buffer) {
  const frame = locateFrame(bytes);
  if (frame.kind !== "complete" || frame.messages[0] === undefined) throw new Error("no batch");
  const { metadata, header, bodyStart } = frame.messages[0];
  const buffers = vectorAt(metadata, fieldAt(metadata, header, 2), 16).start;
  return {
    rows: fieldAt(metadata, header, 0),
    node: (at: number) => vectorAt(metadata, fieldAt(metadata, header, 1), 16).start + at * 16,
    buffer: (at: number) => buffers + at * 16,
    /** The bytes that a buffer holds. */
    body: (at: number) => bodyStart + Number(bytes.readBigInt64LE(buffers + at * 16)),
  };
}

function patched(patch: (bytes: Buffer, places: ReturnType<typeof placesOf>) => void): Buffer {
  const bytes = makeScan({});
  patch(bytes, placesOf(bytes));
  return bytes;
}

const LIES = [2n ** 31n, 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, -1n, -(2n ** 63n)];

describe("a lie about", () => {
  test.each([
    [0n, "rows_not_one"],
    [2n, "rows_not_one"],
    [2n ** 31n, "rows_not_one"],
    [2n ** 40n, "rows_not_one"],
    [2n ** 53n, "malformed"],
    [-1n, "malformed"],
    [2n ** 63n - 1n, "malformed"],
  ])("the rows: %d", (rows, reason) => {
    const lie = patched((bytes, { rows: at }) => void bytes.writeBigInt64LE(rows, at));
    checkReason(lie, reason);
  });

  // The nodes and buffers: scan_number, timestamp, assets, its items, asset_prices, its items, ...
  test.each(LIES)("the length of any column: %d", (length) => {
    for (const node of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const lie = patched((bytes, at) => void bytes.writeBigInt64LE(length, at.node(node)));
      checkReason(lie, "malformed");
    }
  });

  test.each(LIES)("the place or length of any buffer: %d", (value) => {
    for (const buffer of [1, 3, 5, 7, 8, 10, 12, 14, 16]) {
      for (const part of [0, 8]) {
        const lie = patched((bytes, at) => {
          bytes.writeBigInt64LE(value, at.buffer(buffer) + part);
        });
        checkReason(lie, "malformed");
      }
    }
  });

  test.each([-1, 2 ** 31 - 1, 4, -(2 ** 31)])("where a list ends: %d", (end) => {
    for (const buffer of [5, 10, 14]) {
      checkReason(
        patched((bytes, at) => void bytes.writeInt32LE(end, at.body(buffer) + 4)),
        "malformed",
      );
    }
  });

  test.each([-1, 2 ** 31 - 1, 1_000])("where a name ends: %d", (end) => {
    checkReason(
      patched((bytes, at) => void bytes.writeInt32LE(end, at.body(7) + 4)),
      "malformed",
    );
  });

  test("nulls, without the bits that mark them", () => {
    for (const node of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const lie = patched((bytes, at) => void bytes.writeBigInt64LE(1n, at.node(node) + 8));
      checkReason(lie, "malformed");
    }
  });

  test.each([0, -1, 1, 2 ** 31 - 1, -(2 ** 31)])("the footer's length: %d", (length) => {
    const bytes = makeScan({});
    bytes.writeInt32LE(length, bytes.length - 10);
    checkReason(bytes, "malformed");
  });
});

function column(type: DataType) {
  return vectorFromArray([null], type).data[0]!;
}

describe("a file of", () => {
  test("columns nested a hundred deep", () => {
    let type: DataType = new Float64();
    for (let depth = 0; depth < 100; depth += 1) type = new List(new Field("item", type, true));
    const nested = writeColumns({ deep: column(type) }, { form: "file", metadata: new Map() });
    checkReason(nested, "too_large");
  });

  test("five thousand columns", () => {
    const names = Array.from({ length: 5_000 }, (_, at) => [`c${at}`, column(new Utf8())] as const);
    const wide = writeColumns(Object.fromEntries(names), { form: "stream", metadata: new Map() });
    checkReason(wide, "too_large");
  });

  test("a hundred thousand assets", () => {
    const assets = Array.from({ length: 100_000 }, (_, at) => `A${at}`);
    const prices = assets.map(() => 1);
    checkReason(makeScan({ assets, prices }), "too_many_assets");
  });

  test("ten thousand assets, which is the most", () => {
    const assets = Array.from({ length: 10_000 }, (_, at) => `A${at}`);
    const prices = assets.map((_, at) => at + 1 / 3);
    checkReason(makeScan({ assets, prices }), "scan");
  });

  test("names of which one fills the file", () => {
    checkReason(makeScan({ assets: ["A".repeat(1_000_000)], prices: [1] }), "asset_name");
  });

  test("no columns at all", () => {
    checkReason(writeColumns({}, { form: "file", metadata: new Map() }), "column_missing");
  });

  test("one column only, shaped as a scan's", () => {
    const only = { asset_prices: oneList(makeData({ type: new Float64(), data: [1] })) };
    checkReason(writeColumns(only, { form: "file", metadata: new Map() }), "column_missing");
  });
});
