/**
 * Reads and writes the fields of protobuf messages: the few that our readers of Temporal need, without descriptions of the
 * messages. Invariant: unknown fields are skipped, and a message that ends in the middle of a field is an error.
 */

export type ProtoField = {
  readonly id: number;
  /** Empty for a number. */
  readonly bytes: Buffer;
  /** 0 for bytes. */
  readonly number: number;
};

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const VARINT_BYTES_MAX = 10;
const NOTHING = Buffer.alloc(0);

/** @throws {RangeError} when it is no protobuf message. */
export function protoFields(message: Buffer): readonly ProtoField[] {
  const fields: ProtoField[] = [];
  let at = 0;
  const varint = (): number => {
    // 64 bits: a negative number has ten bytes, and as a double it is not exact.
    let value = 0;
    for (let count = 0; count < VARINT_BYTES_MAX; count += 1) {
      const byte = message.readUInt8(at);
      at += 1;
      value += (byte & 0x7f) * 2 ** (7 * count);
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number has more than ten bytes");
  };
  const bytes = (length: number): Buffer => {
    if (message.length < at + length) throw new RangeError("the message is cut off");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = varint();
    const [id, type] = [Math.floor(key / 8), key % 8];
    if (type === VARINT) fields.push({ id, bytes: NOTHING, number: varint() });
    else if (type === BYTES) fields.push({ id, bytes: bytes(varint()), number: 0 });
    else if (type === FIXED64) bytes(8);
    else if (type === FIXED32) bytes(4);
    else throw new RangeError(`field ${id} has the unknown type ${type}`);
  }
  return fields;
}

/** Of a repeated field all, of any other the last. */
export function bytesOf(fields: readonly ProtoField[], id: number): readonly Buffer[] {
  return fields.filter((field) => field.id === id).map((field) => field.bytes);
}

export function numberOf(fields: readonly ProtoField[], id: number): number {
  return fields.findLast((field) => field.id === id)?.number ?? 0;
}

export function textOf(fields: readonly ProtoField[], id: number): string {
  return bytesOf(fields, id).at(-1)?.toString("utf8") ?? "";
}

/** Writes a message of fields in the order of their ids; texts, numbers below 2^53 and messages. */
export function protoMessage(
  ...fields: readonly (readonly [id: number, value: string | number | Buffer])[]
): Buffer {
  return Buffer.concat(
    fields.flatMap(([id, value]) => {
      if (typeof value === "number") return [varintBytes(id * 8 + VARINT), varintBytes(value)];
      const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
      return [varintBytes(id * 8 + BYTES), varintBytes(bytes.length), bytes];
    }),
  );
}

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (0x80 <= rest) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}
