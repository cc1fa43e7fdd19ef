/**
 * A snapshot as bytes: JSON for the small, named members, followed by the doubles as they are in memory, so
 * that a save copies them once and a restore reads them in place.
 *
 * Layout: magic 8, length of the JSON u32, 0 u32, JSON, zeros up to a multiple of 8, doubles (little-endian).
 * In the JSON `{"$": "doubles", "at": 7, "length": 3}` stands for the 8th to 10th double. An older release
 * wrote JSON alone, with the doubles as base64.
 */
import { TAG } from "../../../domain/trading/snapshot/exact.ts";

const MAGIC = "DLPHEXA1";
const HEAD_BYTES = 16;
const DOUBLE_BYTES = 8;
/** The first byte of a snapshot that is JSON alone. */
const BRACE = 0x7b;

/** In parts, so that nothing large is copied to join them; the parts are views of `snapshot` itself. */
export function exactParts(snapshot: object): readonly Uint8Array[] {
  const doubles: Float64Array[] = [];
  let count = 0;
  const json = Buffer.from(
    JSON.stringify(snapshot, (_, value: unknown) => {
      if (!(value instanceof Float64Array)) return value;
      doubles.push(value);
      count += value.length;
      return { [TAG]: "doubles", at: count - value.length, length: value.length };
    }),
  );
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, "latin1");
  head.writeUInt32LE(json.length, MAGIC.length);
  const padding = Buffer.alloc(-json.length & (DOUBLE_BYTES - 1));
  const bytes = doubles.map((one) => new Uint8Array(one.buffer, one.byteOffset, one.byteLength));
  return [head, json, padding, ...bytes];
}

export function exactBytes(snapshot: object): Buffer {
  return Buffer.concat(exactParts(snapshot));
}

/** The doubles in the result are views of `bytes`. @throws {Error} where it is not a snapshot. */
export function parseExact(bytes: Uint8Array): unknown {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole[0] === BRACE) return JSON.parse(whole.toString());
  if (whole.length < HEAD_BYTES || whole.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new Error("the bytes are no snapshot");
  }
  const end = HEAD_BYTES + whole.readUInt32LE(MAGIC.length);
  const doubles = doublesIn(whole.subarray(end + (-end & (DOUBLE_BYTES - 1))));
  return JSON.parse(whole.toString("utf8", HEAD_BYTES, end), (_, value: unknown) =>
    isPlace(value) ? doubles.subarray(value.at, value.at + value.length) : value,
  );
}

function doublesIn(section: Uint8Array): Float64Array {
  const count = Math.floor(section.byteLength / DOUBLE_BYTES);
  // A small file may be at an unaligned offset of a shared buffer.
  if (section.byteOffset % DOUBLE_BYTES !== 0) return doublesIn(new Uint8Array(section));
  return new Float64Array(section.buffer, section.byteOffset, count);
}

type Place = { readonly at: number; readonly length: number };

function isPlace(value: unknown): value is Place {
  if (typeof value !== "object" || value === null) return false;
  return Reflect.get(value, TAG) === "doubles" && "at" in value && "length" in value;
}
