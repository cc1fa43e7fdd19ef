import { describe, expect, test } from "vitest";
import { SCAN_FILE_BYTES_MAX } from "../../../src/domain/scan/scan.ts";
import { judgeEnds, locateFrame } from "../../../src/wire/arrow/completeness.ts";
import { readScanFast } from "../../../src/wire/arrow/read-scan.ts";
import { makeScan, scanFixture } from "../../helpers/arrow-scans.ts";

/** Every layout by pyarrow that the reader must not take for whole when it is cut. */
const FILES = [
  "time-us-utc.file.none",
  "time-us-utc.stream.none",
  "feather.lz4",
  "prices-map-utf8.stream.lz4",
  "deltas.stream",
  "batches.stream",
  "legacy.file",
] as const;

function endsOf(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  return [bytes.subarray(0, 16), bytes.subarray(-16)];
}

test.each([
  ["a log", Buffer.from("2026-03-25 10:20:30 something was written\n")],
  ["zeros to be filled", Buffer.alloc(64)],
  ["a log before zeros", Buffer.concat([Buffer.from("something\n"), Buffer.alloc(32)])],
])("%s is judged by its ends as it is by all its bytes", (_what, bytes) => {
  expect(judgeEnds(...endsOf(bytes))).toEqual(locateFrame(bytes));
});

function kindsAtEveryCut(cut: (end: number) => Buffer, length: number): Set<string> {
  const kinds = new Set<string>();
  for (let end = 0; end < length; end += 1) kinds.add(readScanFast(cut(end)).kind);
  return kinds;
}

describe.each(FILES)("%s", (name) => {
  const whole = scanFixture(name);

  test("is complete", () => expect(locateFrame(whole).kind).toBe("complete"));

  test("may still grow when it is cut anywhere", () => {
    expect(kindsAtEveryCut((end) => whole.subarray(0, end), whole.length)).toEqual(
      new Set(["incomplete"]),
    );
  });

  test("is read when its ends are those of a whole file, and is not when they say that it grows", () => {
    expect(judgeEnds(...endsOf(whole))).toBeNull();
    const wrong = Array.from({ length: whole.length - 16 }, (_, cut) => whole.subarray(0, 16 + cut))
      .filter((bytes) => judgeEnds(...endsOf(bytes)) !== null)
      .filter((bytes) => locateFrame(bytes).kind !== judgeEnds(...endsOf(bytes))?.kind);
    expect(wrong).toEqual([]);
  });

  test("may still grow when it is zeros from any byte on", () => {
    const kinds = kindsAtEveryCut((end) => {
      const preallocated = Buffer.alloc(whole.length);
      whole.copy(preallocated, 0, 0, end);
      // Where only zeros were missing, nothing is missing.
      return preallocated.equals(whole) ? Buffer.alloc(0) : preallocated;
    }, whole.length);
    expect(kinds).toEqual(new Set(["incomplete"]));
  });

  test("may still grow when more zeros are allocated behind it", () => {
    for (const zeros of [1, 7, 8, 512, 4096]) {
      const preallocated = Buffer.concat([whole, Buffer.alloc(zeros)]);
      expect(readScanFast(preallocated).kind).toBe("incomplete");
    }
  });

  test("is no scan when anything follows it", () => {
    for (const more of [Buffer.from("x"), Buffer.from("\0\0\0\0more"), whole]) {
      const kind = readScanFast(Buffer.concat([whole, more])).kind;
      // An Arrow file twice in a row is again a valid file: its last footer points to the first half.
      if (more === whole && !name.includes("stream")) continue;
      expect(["incomplete", "invalid"]).toContain(kind);
    }
  });
});

describe("what is no Arrow", () => {
  test.each([
    ["nothing", Buffer.alloc(0), "incomplete"],
    ["zeros", Buffer.alloc(4096), "incomplete"],
    ["a byte of the file's magic", Buffer.from("A"), "incomplete"],
    ["a byte of a stream's mark", Buffer.of(0xff), "incomplete"],
    ["the magic twice", Buffer.from("ARROW1\0\0ARROW1"), "incomplete"],
    ["any other byte", Buffer.from("x"), "invalid"],
    ["text", Buffer.from("timestamp,BTCUSDT\n1,2\n"), "invalid"],
    ["Feather of version 1", Buffer.from("FEA1\0\0\0\0FEA1"), "invalid"],
    ["Parquet", Buffer.from("PAR1\0\0\0\0PAR1"), "invalid"],
    ["JSON", Buffer.from("{}"), "invalid"],
  ])("%s", (_, bytes, kind) => expect(readScanFast(bytes).kind).toBe(kind));

  test("a stream from before the continuation mark, whose zeros could pass for its end", () => {
    expect(readScanFast(scanFixture("legacy.stream"))).toMatchObject({ reason: "not_arrow" });
  });

  test("a file beyond the size that is read", () => {
    const huge = Buffer.alloc(SCAN_FILE_BYTES_MAX + 1);
    expect(readScanFast(huge)).toMatchObject({ kind: "invalid", reason: "too_large" });
  });
});

test("a part of a larger buffer is read within its bounds, aligned or not", () => {
  const whole = makeScan({});
  for (let before = 0; before < 9; before += 1) {
    const pool = Buffer.concat([Buffer.alloc(before), whole, Buffer.alloc(64, 0xff)]);
    const part = pool.subarray(before, before + whole.length);
    expect(readScanFast(part)).toEqual(readScanFast(whole));
    expect(readScanFast(part.subarray(0, -1)).kind).toBe("incomplete");
  }
});
