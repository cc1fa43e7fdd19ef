/**
 * Parses a depth message or a snapshot as JSON: fields in any order, unknown fields, numbers as text or as
 * numbers.
 */
import { createBook, type Book, type BookSide } from "../../domain/order-book/book.ts";
import type { DepthMessage } from "../../domain/order-book/depth-message.ts";
import { jsonRecord, recordIn } from "../../domain/json-record.ts";

export type DepthSnapshot = {
  /** `lastUpdateId`. */
  readonly lastId: number;
  readonly asOfMs: number;
  readonly book: Book;
};

const BYTES_MAX = 1_048_576;
const NUMBER_CHARS_MAX = 40;
const SYMBOL = /^[A-Z0-9_]{1,40}$/;

/** Null, or a sentence that says what is wrong. */
export function readSlowly(
  bytes: Uint8Array,
  message: DepthMessage,
  levelsMax: number,
): string | null {
  const outer = jsonIn(bytes);
  if (outer === null) return "no JSON object";
  const found = "data" in outer ? recordIn(outer["data"]) : outer;
  if (found === null) return "no data";
  if (found["e"] !== "depthUpdate") return "no depth";
  const symbol = found["s"];
  if (typeof symbol !== "string" || !SYMBOL.test(symbol)) return "no symbol";
  message.symbol = symbol;
  message.sentMs = wholeIn(found["E"]);
  message.asOfMs = wholeIn(found["T"] ?? found["E"]);
  message.firstId = wholeIn(found["U"]);
  message.lastId = wholeIn(found["u"]);
  message.previousId = wholeIn(found["pu"]);
  if (Number.isNaN(message.sentMs + message.asOfMs)) return "no time";
  if (Number.isNaN(message.firstId + message.lastId + message.previousId)) return "no update ids";
  const { bids, asks } = message.book;
  return sideTrouble(found["b"], bids, levelsMax) ?? sideTrouble(found["a"], asks, levelsMax);
}

/** A string says what is wrong. */
export function readSnapshot(bytes: Uint8Array, levelsMax: number): DepthSnapshot | string {
  const found = jsonIn(bytes);
  if (found === null) return "no JSON object";
  const lastId = wholeIn(found["lastUpdateId"]);
  const asOfMs = wholeIn(found["T"] ?? found["E"]);
  if (Number.isNaN(lastId)) return "no update id";
  if (Number.isNaN(asOfMs)) return "no time";
  const book = createBook(levelsMax);
  const trouble =
    sideTrouble(found["bids"], book.bids, levelsMax) ??
    sideTrouble(found["asks"], book.asks, levelsMax);
  return trouble ?? { lastId, asOfMs, book };
}

function sideTrouble(levels: unknown, side: BookSide, levelsMax: number): string | null {
  side.count = 0;
  if (!Array.isArray(levels)) return "no levels";
  if (levelsMax < levels.length) return `more than ${levelsMax} levels`;
  for (const level of levels as readonly unknown[]) {
    if (!Array.isArray(level)) return "a level that is none";
    const price = numberIn(level[0]);
    const size = numberIn(level[1]);
    if (!(price > 0) || !(size >= 0)) return "a level without a price or a size";
    side.prices[side.count] = price;
    side.sizes[side.count] = size;
    side.count += 1;
  }
  return null;
}

/** NaN for anything that is not a number. */
function numberIn(value: unknown): number {
  if (typeof value === "number") return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value !== "string" || NUMBER_CHARS_MAX < value.length) return Number.NaN;
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
}

function wholeIn(value: unknown): number {
  const found = numberIn(value);
  return Number.isSafeInteger(found) && 0 <= found ? found : Number.NaN;
}

function jsonIn(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  if (BYTES_MAX < bytes.length) return null;
  try {
    return jsonRecord(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Not UTF-8.
    return null;
  }
}
