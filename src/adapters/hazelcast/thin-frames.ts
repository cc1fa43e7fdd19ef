/** Encodes and decodes the messages of Hazelcast's open binary protocol that the thin client needs. */
import { randomBytes } from "node:crypto";
import { FOREIGN } from "./foreign.ts";

const FRAME_HEAD = 6;
const UNFRAGMENTED = 0xc000;
const FINAL = 0x2000;
const BEGIN = 0x1000;
const END = 0x0800;
const NULL = 0x0400;
const EVENT = 0x0200;
/** Longer frames are skipped: they are of another program. */
const FRAME_BYTES_MAX = 32 * 1_048_576;
const FOREIGN_BYTES_MAX = 1_073_741_824;
/** No partition hash, type, length. */
const TEXT_HEAD = 12;

const AUTHENTICATION = 0x00_01_00;
const MAP_SET = 0x01_0f_00;
const MAP_GET = 0x01_02_00;
const MAP_ENTRIES = 0x01_25_00;
const MAP_LISTEN_TO_KEY = 0x01_18_00;
const RING_TAIL = 0x17_02_00;
const RING_HEAD = 0x17_03_00;
const RING_READ_ONE = 0x17_07_00;
const RING_READ_MANY = 0x17_09_00;
/** Of EntryEventType: added, updated. */
const WRITES = 1 | 4;
const ERROR = 0;
const SERIALIZATION_VERSION = 1;
const STRING_TYPE = -11;
const NO_TIME_TO_LIVE = -1n;
const NO_PARTITION = -1;
export const AUTHENTICATED = 0;

/** Content is null where it was too long. */
type Frame = { readonly flags: number; readonly content: Buffer | null };
type OwnFrame = Frame & { readonly content: Buffer };

export function authentication(of: {
  readonly correlation: number;
  readonly cluster: string;
  readonly name: string;
}): Buffer {
  const head = Buffer.alloc(34);
  headInto(head, { type: AUTHENTICATION, correlation: of.correlation, partition: NO_PARTITION });
  // The client's id: not null, then 16 bytes.
  randomBytes(16).copy(head, 17);
  head.writeUInt8(SERIALIZATION_VERSION, 33);
  return bytesOf([
    { flags: UNFRAGMENTED, content: head },
    text(of.cluster),
    empty(NULL),
    empty(NULL),
    // Members know clients by language names.
    text("NJS"),
    text("5.3.0"),
    text(of.name),
    empty(BEGIN),
    empty(END),
  ]);
}

export function mapSet(of: {
  readonly correlation: number;
  readonly partitions: number;
  readonly map: string;
  readonly key: string;
  readonly text: string;
}): Buffer {
  const key = dataOf(of.key);
  const partition = partitionOf(key, of.partitions);
  const head = Buffer.alloc(32);
  headInto(head, { type: MAP_SET, correlation: of.correlation, partition });
  head.writeBigInt64LE(1n, 16);
  head.writeBigInt64LE(NO_TIME_TO_LIVE, 24);
  return bytesOf([
    { flags: UNFRAGMENTED, content: head },
    text(of.map),
    { flags: 0, content: key },
    { flags: 0, content: dataOf(of.text) },
  ]);
}

export function mapGet(of: {
  readonly correlation: number;
  readonly partitions: number;
  readonly map: string;
  readonly key: string;
}): Buffer {
  const key = dataOf(of.key);
  const head = Buffer.alloc(24);
  const partition = partitionOf(key, of.partitions);
  headInto(head, { type: MAP_GET, correlation: of.correlation, partition });
  head.writeBigInt64LE(1n, 16);
  return bytesOf([
    { flags: UNFRAGMENTED, content: head },
    text(of.map),
    { flags: 0, content: key },
  ]);
}

export function mapEntries(of: { readonly correlation: number; readonly map: string }): Buffer {
  const head = Buffer.alloc(16);
  headInto(head, { type: MAP_ENTRIES, correlation: of.correlation, partition: NO_PARTITION });
  return bytesOf([{ flags: UNFRAGMENTED, content: head }, text(of.map)]);
}

/** Each write of the key follows as an event with its value, for as long as the connection lasts. */
export function listenToKey(of: {
  readonly correlation: number;
  readonly map: string;
  readonly key: string;
}): Buffer {
  const head = Buffer.alloc(22);
  headInto(head, { type: MAP_LISTEN_TO_KEY, correlation: of.correlation, partition: NO_PARTITION });
  // With the value.
  head.writeUInt8(1, 16);
  head.writeInt32LE(WRITES, 17);
  return bytesOf([
    { flags: UNFRAGMENTED, content: head },
    text(of.map),
    { flags: 0, content: dataOf(of.key) },
  ]);
}

type OfRing = {
  readonly correlation: number;
  readonly partitions: number;
  readonly ring: string;
};

/** Sequence of the newest item; -1: there was none yet. */
export function ringTail(of: OfRing): Buffer {
  return bytesOf([ringHead(of, RING_TAIL, 16), text(of.ring)]);
}

/** Sequence of the oldest item. */
export function ringOldest(of: OfRing): Buffer {
  return bytesOf([ringHead(of, RING_HEAD, 16), text(of.ring)]);
}

/** Waits for an item that is not there yet. */
export function ringReadOne(of: OfRing & { readonly sequence: number }): Buffer {
  const head = ringHead(of, RING_READ_ONE, 24);
  head.content.writeBigInt64LE(BigInt(of.sequence), 16);
  return bytesOf([head, text(of.ring)]);
}

/** At least one, and at most `countMax`. */
export function ringReadMany(
  of: OfRing & { readonly sequence: number; readonly countMax: number },
): Buffer {
  const head = ringHead(of, RING_READ_MANY, 32);
  head.content.writeBigInt64LE(BigInt(of.sequence), 16);
  head.content.writeInt32LE(1, 24);
  head.content.writeInt32LE(of.countMax, 28);
  return bytesOf([head, text(of.ring), empty(NULL)]);
}

/** A ringbuffer is where a key of its name would be. */
function ringHead({ correlation, partitions, ring }: OfRing, type: number, size: number): OwnFrame {
  const content = Buffer.alloc(size);
  const partition = partitionOf(dataOf(ring), partitions);
  headInto(content, { type, correlation, partition });
  return { flags: UNFRAGMENTED, content };
}

function headInto(
  head: Buffer,
  of: { readonly type: number; readonly correlation: number; readonly partition: number },
): void {
  head.writeInt32LE(of.type, 0);
  head.writeBigInt64LE(BigInt(of.correlation), 4);
  head.writeInt32LE(of.partition, 12);
}

function text(value: string): OwnFrame {
  return { flags: 0, content: Buffer.from(value, "utf8") };
}

function empty(flags: number): OwnFrame {
  return { flags, content: Buffer.alloc(0) };
}

function bytesOf(frames: readonly OwnFrame[]): Buffer {
  const parts = frames.flatMap(({ flags, content }, at) => {
    const head = Buffer.alloc(FRAME_HEAD);
    head.writeInt32LE(FRAME_HEAD + content.length, 0);
    head.writeUInt16LE(at === frames.length - 1 ? flags | FINAL : flags, 4);
    return [head, content];
  });
  return Buffer.concat(parts);
}

/** A text as Hazelcast serializes it: no partition hash, type, length, bytes. */
function dataOf(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  const head = Buffer.alloc(TEXT_HEAD);
  head.writeInt32BE(STRING_TYPE, 4);
  head.writeInt32BE(bytes.length, 8);
  return Buffer.concat([head, bytes]);
}

function partitionOf(key: Buffer, partitions: number): number {
  const hash = murmur(key.subarray(8));
  return hash === -2_147_483_648 ? 0 : Math.abs(hash) % partitions;
}

const SEED = 0x01_00_01_93;
const C1 = 0xcc_9e_2d_51;
const C2 = 0x1b_87_35_93;

/** MurmurHash3 (x86, 32 bits), as a signed integer. */
export function murmur(bytes: Buffer): number {
  let hash = SEED;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    hash ^= mixed(bytes.readInt32LE(at));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6_54_6b_64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; whole <= at; at -= 1) tail = (tail << 8) | bytes.readUInt8(at);
  if (whole < bytes.length) hash ^= mixed(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) | 0;
}

function mixed(word: number): number {
  const turned = Math.imul(word, C1);
  return Math.imul((turned << 15) | (turned >>> 17), C2);
}

export type Value = string | null | typeof FOREIGN;
export type ClientMessage = {
  readonly correlation: number;
  /** To a request, or an event that follows from one. */
  readonly kind: "answer" | "error" | "event";
  authenticated(): { readonly status: number; readonly partitions: number };
  /** The value of a response that has one: a text, null, or FOREIGN. */
  value(): Value;
  /** The written value of an event. */
  written(): Value;
  /** The number of a response that has one. */
  number(): number;
  /** The items of a response that has a list. */
  items(): readonly Value[];
  /** The text of an error message, as far as it is readable. */
  problem(): string;
};

/** Takes bytes as they arrive, and returns complete messages. */
export class FrameReader {
  #parts: Uint8Array[] = [];
  #size = 0;
  /** Bytes that must have arrived before the next frame can be read. */
  #wanted = FRAME_HEAD;
  /** Bytes still to be skipped of a frame that is too long. */
  #over = 0;
  #frames: Frame[] = [];
  readonly #onMessage: (message: ClientMessage) => void;

  constructor(onMessage: (message: ClientMessage) => void) {
    this.#onMessage = onMessage;
  }

  /** @throws {Error} where the bytes are not a message of this protocol. */
  push(chunk: Uint8Array): void {
    const part = chunk.subarray(Math.min(this.#over, chunk.length));
    this.#over -= chunk.length - part.length;
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size < this.#wanted) return;
    const rest = this.#take(Buffer.concat(this.#parts));
    this.#parts = [rest];
    this.#size = rest.length;
  }

  /** Returns the bytes of an incomplete frame. */
  #take(bytes: Buffer): Buffer {
    let rest = bytes;
    while (FRAME_HEAD <= rest.length) {
      const length = rest.readInt32LE(0);
      if (length < FRAME_HEAD || FOREIGN_BYTES_MAX < length) {
        throw new Error(`a frame of ${length} bytes is not of Hazelcast's protocol`);
      }
      const isTooLong = FRAME_BYTES_MAX < length;
      this.#wanted = isTooLong ? FRAME_HEAD : length;
      if (rest.length < this.#wanted) return rest;
      const flags = rest.readUInt16LE(4);
      const content = isTooLong ? null : rest.subarray(FRAME_HEAD, length);
      this.#over = Math.max(0, length - rest.length);
      rest = rest.subarray(Math.min(length, rest.length));
      this.#frames.push({ flags, content });
      if ((flags & FINAL) !== 0) this.#tell();
    }
    this.#wanted = FRAME_HEAD;
    return rest;
  }

  #tell(): void {
    const frames = this.#frames;
    this.#frames = [];
    const [head, first] = frames;
    if (head === undefined) return;
    const { content } = head;
    if (content === null || content.length < 13) return;
    const isEvent = (head.flags & EVENT) !== 0;
    this.#onMessage({
      correlation: Number(content.readBigInt64LE(4)),
      kind: isEvent ? "event" : content.readInt32LE(0) === ERROR ? "error" : "answer",
      authenticated: () => ({
        status: content.readUInt8(13),
        partitions: content.length < 36 ? 0 : content.readInt32LE(32),
      }),
      value: () => valueOf(first),
      // After the key.
      written: () => valueOf(frames[2]),
      number: () => Number(content.readBigInt64LE(13)),
      items: () => itemsIn(frames),
      problem: () =>
        frames
          .slice(1, 6)
          .map(wordsOf)
          .filter((part) => part !== "")
          .join(" ")
          .slice(0, 300),
    });
  }
}

function itemsIn(frames: readonly Frame[]): readonly Value[] {
  const begin = frames.findIndex(({ flags }) => (flags & BEGIN) !== 0);
  const end = frames.findIndex(({ flags }) => (flags & END) !== 0);
  return frames.slice(begin + 1, end).map(valueOf);
}

/** As `dataOf` writes one. */
function valueOf(frame: Frame | undefined): Value {
  if (frame === undefined || (frame.flags & NULL) !== 0) return null;
  const { content } = frame;
  if (content === null || content.length < TEXT_HEAD) return FOREIGN;
  const isText = content.readInt32BE(4) === STRING_TYPE;
  const isWhole = content.readInt32BE(8) === content.length - TEXT_HEAD;
  return isText && isWhole ? content.toString("utf8", TEXT_HEAD) : FOREIGN;
}

function wordsOf({ content }: Frame): string {
  const printed = content?.toString("utf8").replaceAll(/[^ -~]+/g, " ");
  return printed?.trim() ?? "";
}
