/**
 * Parses a message of Binance USD-M's depth streams, whole books and changes, within limits. The usual layout
 * is parsed straight from its bytes; any other goes to the slow parser, which accepts the same fields.
 */
import { createBook, type BookSide } from "../../domain/order-book/book.ts";
import type { DepthMessage } from "../../domain/order-book/depth-message.ts";
import { readSlowly } from "./slow-depth.ts";

/** Null, or a sentence that says what is wrong. The result is in `message` until the next call. */
export type DepthReader = {
  readonly message: DepthMessage;
  read(bytes: Uint8Array): string | null;
};

/** `levelsMax`: levels per side; a message with more is refused. */
export function createDepthReader(levelsMax: number): DepthReader {
  const message: DepthMessage = {
    symbol: "",
    sentMs: 0,
    asOfMs: 0,
    firstId: 0,
    lastId: 0,
    previousId: 0,
    book: createBook(levelsMax),
  };
  const cursor: Cursor = { bytes: EMPTY, at: 0, symbols: new Map() };
  return {
    message,
    read(bytes) {
      cursor.bytes = bytes;
      cursor.at = 0;
      return readUsual(cursor, message) ? null : readSlowly(bytes, message, levelsMax);
    },
  };
}

type Cursor = {
  bytes: Uint8Array;
  at: number;
  /** Symbol names already seen, by a hash of their bytes. */
  readonly symbols: Map<number, string>;
};

const EMPTY = new Uint8Array(0);
const [QUOTE, COMMA, POINT, OPEN, CLOSE] = [0x22, 0x2c, 0x2e, 0x5b, 0x5d];
const [ZERO, NINE] = [0x30, 0x39];
const [SPACE, BACKSLASH, DELETE] = [0x20, 0x5c, 0x7f];
const STREAM_CHARS_MAX = 64;
const SYMBOL_CHARS_MAX = 40;
const SYMBOLS_MAX = 4_096;
/** A mantissa below 2^53 and these powers of ten are exact, so one division rounds once, correctly. */
const MANTISSA_MAX = 900_719_925_474_099;
const POWERS = Float64Array.from({ length: 16 }, (_, power) => 10 ** power);

const STREAM = text('{"stream":"');
const DATA = text('"data":');
const HEAD = text('{"e":"depthUpdate","E":');
const AS_OF = text(',"T":');
const SYMBOL = text(',"s":"');
const FIRST = text(',"U":');
const LAST = text(',"u":');
const PREVIOUS = text(',"pu":');
const BIDS = text(',"b":[');
const ASKS = text(',"a":[');

function readUsual(cursor: Cursor, message: DepthMessage): boolean {
  const isCombined = skip(cursor, STREAM);
  if (isCombined) {
    if (!skipName(cursor)) return false;
    if (cursor.bytes[cursor.at++] !== COMMA || !skip(cursor, DATA)) return false;
  }
  if (!skip(cursor, HEAD)) return false;
  message.sentMs = whole(cursor);
  if (!skip(cursor, AS_OF)) return false;
  message.asOfMs = whole(cursor);
  if (!skip(cursor, SYMBOL)) return false;
  const symbol = symbolAt(cursor);
  if (symbol === null) return false;
  message.symbol = symbol;
  if (!skip(cursor, FIRST)) return false;
  message.firstId = whole(cursor);
  if (!skip(cursor, LAST)) return false;
  message.lastId = whole(cursor);
  if (!skip(cursor, PREVIOUS)) return false;
  message.previousId = whole(cursor);
  // A comparison with NaN is false.
  if (!(message.sentMs + message.asOfMs + message.firstId + message.lastId >= 0)) return false;
  if (!(message.previousId >= 0)) return false;
  if (!skip(cursor, BIDS) || !readSide(cursor, message.book.bids)) return false;
  if (!skip(cursor, ASKS) || !readSide(cursor, message.book.asks)) return false;
  const end = isCombined ? 2 : 1;
  if (cursor.bytes.length !== cursor.at + end) return false;
  return cursor.bytes[cursor.at] === 0x7d && cursor.bytes[cursor.at + end - 1] === 0x7d;
}

/** Moves to after the closing quote. */
function skipName(cursor: Cursor): boolean {
  const { bytes } = cursor;
  const last = cursor.at + STREAM_CHARS_MAX;
  for (; cursor.at < last; cursor.at += 1) {
    const byte = bytes[cursor.at]!;
    if (byte === QUOTE) {
      cursor.at += 1;
      return true;
    }
    // Characters that JSON takes without an escape.
    if (!(SPACE < byte && byte < DELETE && byte !== BACKSLASH)) return false;
  }
  return false;
}

/** From after the list's opening bracket to after its end. */
function readSide(cursor: Cursor, side: BookSide): boolean {
  const { bytes } = cursor;
  side.count = 0;
  if (bytes[cursor.at] === CLOSE) {
    cursor.at += 1;
    return true;
  }
  for (;;) {
    if (side.count === side.prices.length) return false;
    if (bytes[cursor.at] !== OPEN || bytes[cursor.at + 1] !== QUOTE) return false;
    cursor.at += 2;
    const price = decimal(cursor);
    if (bytes[cursor.at] !== COMMA || bytes[cursor.at + 1] !== QUOTE) return false;
    cursor.at += 2;
    const size = decimal(cursor);
    if (bytes[cursor.at] !== CLOSE) return false;
    if (!(price > 0) || !(size >= 0)) return false;
    side.prices[side.count] = price;
    side.sizes[side.count] = size;
    side.count += 1;
    const next = bytes[cursor.at + 1];
    cursor.at += 2;
    if (next === CLOSE) return true;
    if (next !== COMMA) return false;
  }
}

/** Reads a quoted decimal; NaN: not such a number, or more digits than are exact here. */
function decimal(cursor: Cursor): number {
  const { bytes } = cursor;
  let mantissa = 0;
  let point = -1;
  let at = cursor.at;
  for (; ; at += 1) {
    const byte = bytes[at]!;
    if (ZERO <= byte && byte <= NINE) mantissa = mantissa * 10 + (byte - ZERO);
    else if (byte === POINT && point < 0 && cursor.at < at) point = at;
    else if (byte === QUOTE && cursor.at < at && point !== at - 1) break;
    else return Number.NaN;
    if (MANTISSA_MAX < mantissa) return Number.NaN;
  }
  const decimals = point < 0 ? 0 : at - point - 1;
  cursor.at = at + 1;
  return decimals < POWERS.length ? mantissa / POWERS[decimals]! : Number.NaN;
}

/** Reads digits up to the first other character; NaN: there are none, or too many. */
function whole(cursor: Cursor): number {
  const { bytes } = cursor;
  const from = cursor.at;
  let value = 0;
  for (; cursor.at < bytes.length; cursor.at += 1) {
    const byte = bytes[cursor.at]!;
    if (byte < ZERO || NINE < byte) break;
    value = value * 10 + (byte - ZERO);
    if (MANTISSA_MAX < value) return Number.NaN;
  }
  // JSON allows no leading zeros.
  const isNone = from === cursor.at || (bytes[from] === ZERO && from + 1 < cursor.at);
  return isNone ? Number.NaN : value;
}

function symbolAt(cursor: Cursor): string | null {
  const { bytes, symbols } = cursor;
  const from = cursor.at;
  let hash = 0;
  for (; bytes[cursor.at] !== QUOTE; cursor.at += 1) {
    const byte = bytes[cursor.at];
    if (byte === undefined || SYMBOL_CHARS_MAX < cursor.at - from || !isSymbolByte(byte))
      return null;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  const length = cursor.at - from;
  cursor.at += 1;
  const known = symbols.get(hash);
  if (known !== undefined && known.length === length && isAt(bytes, from, known)) return known;
  const symbol = Buffer.from(bytes.subarray(from, from + length)).toString("latin1");
  if (symbols.size < SYMBOLS_MAX && 0 < length) symbols.set(hash, symbol);
  return length === 0 ? null : symbol;
}

function isSymbolByte(byte: number): boolean {
  return (0x41 <= byte && byte <= 0x5a) || (ZERO <= byte && byte <= NINE) || byte === 0x5f;
}

function isAt(bytes: Uint8Array, from: number, symbol: string): boolean {
  for (let at = 0; at < symbol.length; at += 1) {
    if (bytes[from + at] !== symbol.charCodeAt(at)) return false;
  }
  return true;
}

function skip(cursor: Cursor, literal: Uint8Array): boolean {
  const { bytes, at } = cursor;
  for (let index = 0; index < literal.length; index += 1) {
    if (bytes[at + index] !== literal[index]) return false;
  }
  cursor.at = at + literal.length;
  return true;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
