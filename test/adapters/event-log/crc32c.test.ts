import * as fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "../../../src/adapters/event-log/segments/crc32c.ts";

/** The definition, a bit at a time. */
function crcByBits(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

// RFC 3720, appendix B.4, and the check value of the polynomial.
test.each([
  [Buffer.from("123456789"), 0xe3069283],
  [Buffer.alloc(32), 0x8a9136aa],
  [Buffer.alloc(32, 0xff), 0x62a8ab43],
  [Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
  [Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c],
  [Buffer.alloc(0), 0],
] as const)("the checksum of %o is %i", (bytes, checksum) => {
  expect(crc32c(bytes, 0, bytes.length)).toBe(checksum);
});

test("any part of any bytes has the checksum of the definition", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(8), fc.nat(8), (bytes, from, less) => {
      const start = Math.min(from, bytes.length);
      const end = Math.max(start, bytes.length - less);
      expect(crc32c(bytes, start, end)).toBe(crcByBits(bytes.subarray(start, end)));
    }),
  );
});
