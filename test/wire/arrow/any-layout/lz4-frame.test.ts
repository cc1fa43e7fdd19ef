import { describe, expect, test } from "vitest";
import { decodeLz4Frame, TooLongError } from "../../../../src/wire/arrow/any-layout/lz4-frame.ts";

const HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const END = [0, 0, 0, 0];

/** A frame with one block. */
function frame(block: readonly number[], isStored = false): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length + (isStored ? 0x8000_0000 : 0));
  return Uint8Array.from([...HEADER, ...size, ...block, ...END]);
}

function decoded(bytes: Uint8Array, bytesMax = 1_000): string {
  return Buffer.from(decodeLz4Frame(bytes, bytesMax)).toString();
}

/** By us, or by a DataView that ends. */
const REFUSED = /^(LZ4: |Offset is outside)/u;
const abc = [0x61, 0x62, 0x63];

describe("an LZ4 frame", () => {
  test.each([
    ["no block", Uint8Array.from([...HEADER, ...END]), ""],
    ["a stored block", frame(abc, true), "abc"],
    ["literals", frame([0x30, ...abc]), "abc"],
    ["a match", frame([0x30, ...abc, 3, 0]), "abcabca"],
    ["a run that overlaps itself", frame([0x1a, 0x61, 1, 0, 0x10, 0x62]), "aaaaaaaaaaaaaaab"],
    ["a long match", frame([0x1f, 0x61, 1, 0, 255, 0, 0x10, 0x62]), `${"a".repeat(275)}b`],
  ])("of %s is decoded", (_, bytes, text) => expect(decoded(bytes)).toBe(text));

  test("with a content size and block checksums is decoded", () => {
    const flags = [0x04, 0x22, 0x4d, 0x18, 0x78, 0x40, 3, 0, 0, 0, 0, 0, 0, 0, 0x99];
    const bytes = [...flags, 3, 0, 0, 0x80, ...abc, 1, 2, 3, 4, ...END];
    expect(decoded(Uint8Array.from(bytes))).toBe("abc");
  });

  test.each([
    ["nothing", Uint8Array.of()],
    ["another magic", Uint8Array.from([1, 2, 3, 4, ...HEADER.slice(4), ...END])],
    ["another version", Uint8Array.from(HEADER.with(4, 0x20))],
    ["a dictionary", Uint8Array.from(HEADER.with(4, 0x61))],
    ["no end", Uint8Array.from(HEADER)],
    ["a block beyond the end", frame(abc, true).subarray(0, -6)],
    ["literals beyond the block", frame([0xf0, 255, 0, ...abc])],
    ["a length that never ends", frame([0xf0, 255, 255, 255])],
    ["a match before the start", frame([0x10, 0x61, 2, 0])],
    ["a match at distance 0", frame([0x10, 0x61, 0, 0])],
    ["half a distance", frame([0x10, 0x61, 1])],
  ])("with %s is refused", (_, bytes) => expect(() => decoded(bytes)).toThrow(REFUSED));

  test("that cannot be cut short", () => {
    const whole = frame([0x1f, 0x61, 1, 0, 255, 0, 0x10, 0x62]);
    for (let end = 0; end < whole.length; end += 1) {
      expect(() => decoded(whole.subarray(0, end))).toThrow(REFUSED);
    }
  });

  test("never grows beyond its limit", () => {
    const bomb = frame([0x1f, 0x61, 1, 0, ...Array.from({ length: 5_000 }, () => 255), 0]);
    expect(() => decoded(bomb, 1_000)).toThrow(TooLongError);
    expect(() => decoded(frame(abc, true), 2)).toThrow(TooLongError);
    expect(decoded(bomb, 2_000_000)).toHaveLength(5_000 * 255 + 20);
  });
});
