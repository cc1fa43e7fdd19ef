/** The same scan in the layouts of writers other than pyarrow, and with unknown columns. */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { locateFrame } from "../../../src/wire/arrow/completeness.ts";
import { fieldAt, vectorAt } from "../../../src/wire/arrow/flatbuffer.ts";
import { readScanGeneral } from "../../../src/wire/arrow/any-layout/any-layout.ts";
import { readScanFast } from "../../../src/wire/arrow/read-scan.ts";
import { checkReading } from "../../helpers/arrow-scans.ts";

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/layouts/${name}.arrow`, import.meta.url));
}

test.each([
  ["pl_default", 1_001, "polars as it is: large lists of string views"],
  ["pl_stream", 1_003, "the same as a stream"],
  ["pl_cat", 1_007, "names as a dictionary of string views"],
  ["go_view", 4_006, "Go, string views"],
  ["pa_sv", 1_014, "pyarrow, lists of string views"],
  ["pl_array", 1_011, "polars, lists of a fixed size"],
  ["pa_fsl", 1_017, "pyarrow, lists of a fixed size"],
  ["xt_lv", 5_007, "an unknown column is a list view"],
  ["xt_lv_zstd", 5_008, "the same under ZSTD"],
  ["xt_ree", 5_009, "an unknown column is run-end encoded"],
  ["xt_ree_lz4", 5_010, "the same under LZ4"],
])("%s, %i: %s", (name, number) => {
  const bytes = fixture(name);
  const fast = readScanFast(bytes);
  for (const read of [fast.kind === "needs_general" ? null : fast, readScanGeneral(bytes)]) {
    if (read === null) continue;
    checkReading(read, {
      scan_number: number,
      timestamp: "2026-11-29T00:30:00.123456+00:00",
      assets: ["BTCUSDT", "ETHUSDT", "1000000MOGUSDT-PERP"],
      asset_prices: [
        ["BTCUSDT", 91_234.5],
        ["ETHUSDT", 3_120.25],
        ["1000000MOGUSDT-PERP", 1.5],
      ],
      eigenvalues: [2.1, 0.7, 0.2],
      assets_invalid: [],
    });
  }
});

test.each([
  ["pl_f32", "column_type"],
  ["pa_v4legacy_stream", "not_arrow"],
])("%s is refused: %s", (name, reason) => {
  expect(readScanGeneral(fixture(name))).toMatchObject({ kind: "invalid", reason });
});

const NAMES = ["pl_default", "pl_stream", "pl_cat", "pl_array", "pa_sv", "pa_fsl", "go_view"];
const UNKNOWN = ["xt_lv", "xt_lv_zstd", "xt_ree", "xt_ree_lz4"];

/** Whatever the bytes are, there is an answer; it neither throws nor goes on for ever. */
function checkAnswer(bytes: Buffer): void {
  const { kind } = readScanGeneral(bytes);
  expect(["scan", "invalid", "incomplete"]).toContain(kind);
}

test.each([...NAMES, ...UNKNOWN])("no wrong byte of %s keeps it from an answer", (name) => {
  const bytes = fixture(name);
  for (const [at, right] of bytes.entries()) {
    bytes[at] = right ^ (1 << (at % 8));
    checkAnswer(bytes);
    bytes[at] = 0xff - (at % 2) * 0x80;
    checkAnswer(bytes);
    bytes[at] = right;
  }
});

test("nor do several wrong bytes at once", () => {
  const originals = [...NAMES, ...UNKNOWN].map(fixture);
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...originals), damage, (original, changes) => {
      const bytes = Buffer.from(original);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      checkAnswer(bytes);
    }),
    { numRuns: 1_000 },
  );
});

test("a file of these layouts that is cut is not whole, or is refused", () => {
  for (const name of [...NAMES, ...UNKNOWN]) {
    const bytes = fixture(name);
    for (let end = 0; end < bytes.length; end += 1) {
      expect(readScanGeneral(bytes.subarray(0, end)).kind).not.toBe("scan");
    }
  }
});

/** The first batch's tables and where its body begins. */
function placesOf(bytes: Buffer) {
  const frame = locateFrame(bytes);
  const message = frame.kind === "complete" ? frame.messages[0] : undefined;
  if (message === undefined) throw new Error("no batch");
  const { metadata, header, bodyStart } = message;
  const buffers = vectorAt(metadata, fieldAt(metadata, header, 2), 16);
  return {
    variadic: vectorAt(metadata, fieldAt(metadata, header, 4), 8).start,
    buffer: (at: number) => buffers.start + 16 * at,
    body: (at: number) => bodyStart + Number(bytes.readBigInt64LE(buffers.start + 16 * at)),
  };
}

const ASSETS_VIEWS = 7;

test.each([2n ** 20n, 2n ** 31n, 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, -1n])(
  "a lie about how many buffers of texts there are is refused: %d",
  (count) => {
    const bytes = fixture("pa_sv");
    bytes.writeBigInt64LE(count, placesOf(bytes).variadic);
    expect(readScanGeneral(bytes)).toMatchObject({ kind: "invalid", reason: "malformed" });
  },
);

test.each([
  ["the length", 0, -1],
  ["the length", 0, 2 ** 31 - 1],
  ["the length", 0, 10_000],
  ["the buffer", 8, -1],
  ["the buffer", 8, 1],
  ["the buffer", 8, 2 ** 31 - 1],
  ["the place", 12, -1],
  ["the place", 12, 1],
  ["the place", 12, 2 ** 31 - 1],
])("a view that lies about %s of its text is refused (%i: %i)", (_, field, value) => {
  const bytes = fixture("pa_sv");
  // The third name is longer than the twelve bytes that a view holds itself.
  bytes.writeInt32LE(value, placesOf(bytes).body(ASSETS_VIEWS) + 2 * 16 + field);
  expect(readScanGeneral(bytes)).toMatchObject({ kind: "invalid", reason: "malformed" });
});

/** Two columns of a number, a list of texts and two of numbers; then comes the unknown column. */
const OWN_BUFFERS = 17;

test.each(["xt_lv_zstd", "xt_ree_lz4"])("a buffer of %s that lies about its length", (name) => {
  for (const claimed of [0n, 1n, 2n ** 20n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, -2n]) {
    for (let buffer = 0; buffer < OWN_BUFFERS + 2; buffer += 1) {
      const bytes = fixture(name);
      const places = placesOf(bytes);
      if (bytes.readBigInt64LE(places.buffer(buffer) + 8) === 0n) continue;
      bytes.writeBigInt64LE(claimed, places.body(buffer));
      // What the unknown column holds is nobody's concern.
      const kind = buffer < OWN_BUFFERS ? "invalid" : "scan";
      expect(readScanGeneral(bytes)).toMatchObject({ kind });
    }
  }
});
