/**
 * CRC-32C (Castagnoli), the checksum of a journal record, eight bytes at a time. Node's own `crc32` uses another
 * polynomial, and none of our packages provides this one.
 */

const POLYNOMIAL_REVERSED = 0x82f63b78;
const SLICES = 8;
/** At 256 s + b: the effect of byte b followed by s zero bytes. */
const TABLE = buildTable();

/** The checksum of `bytes` from `start` up to `end`. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  let at = start;
  for (const last = end - SLICES; at <= last; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      TABLE[1_792 + (crc & 255)]! ^
      TABLE[1_536 + ((crc >>> 8) & 255)]! ^
      TABLE[1_280 + ((crc >>> 16) & 255)]! ^
      TABLE[1_024 + (crc >>> 24)]! ^
      TABLE[768 + bytes[at + 4]!]! ^
      TABLE[512 + bytes[at + 5]!]! ^
      TABLE[256 + bytes[at + 6]!]! ^
      TABLE[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

function buildTable(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL_REVERSED : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256]!;
    table[at] = (before >>> 8) ^ table[before & 255]!;
  }
  return table;
}
