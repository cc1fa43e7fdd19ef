/**
 * Parses the text of a scan as the bridge publishes it; this is on the critical path from event to order. A
 * hand-written pass reads the layout that our bridge writes, and JSON.parse anything else. Invariant: both give
 * the same scan, to the last bit.
 */
import { ASSET_NAME_LENGTH_MAX, SCAN_ASSETS_MAX } from "../../domain/scan/scan.ts";
import { microsFromIso } from "../../domain/scan/timestamp.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { SCAN_TEXT_CHARS_MAX } from "../scan-value.ts";
import { TextCursor } from "./text-cursor.ts";
import { jsonOrNull, jsonRecord } from "../../domain/json-record.ts";

/** Valid until the next text is parsed: the buffers are reused. */
export type ParsedScan = {
  readonly seq: number;
  readonly scanNumber: number;
  readonly epoch: number;
  readonly asOfMs: number;
  readonly isReplayed: boolean;
  readonly isLate: boolean;
  /** The same array object while the universe does not change. Assets without a valid price are included. */
  readonly assets: readonly string[];
  /** NaN for an asset without a valid price. */
  readonly prices: Float64Array;
  readonly eigenvalues: Float64Array;
  readonly eigenvalueCount: number;
};

/** The raw text of the members beside the numbers. */
type RawMembers = {
  readonly scan_number?: unknown;
  readonly timestamp?: unknown;
  readonly seq?: unknown;
  readonly epoch?: unknown;
  readonly replayed?: unknown;
  readonly late?: unknown;
  readonly assets_invalid?: unknown;
};

type Numbers = { readonly names: readonly string[]; readonly eigenvalueCount: number };

const HEAD = `{"scan_number":`;
const TIMESTAMP = `,"timestamp":"`;
const ASSETS = `","assets":[`;
const PRICES = `"asset_prices":{`;
const EIGENVALUES = `},"eigenvalues":[`;
/** Most scans have all assets; the others go to JSON.parse. */
const TAIL = `],"assets_invalid":[]`;
const SEQ_BEFORE = `,"bridge_ts":"`;
const SEQ = `,"seq":`;
const EPOCH = `,"epoch":`;
const REPLAYED = `,"replayed":`;
const LATE = `,"late":`;
const NONE: readonly string[] = [];

export class ScanTextReader {
  #names: readonly string[] = [];
  /** The names as raw text, with the end of their list. */
  #namesText = "";
  /** The text before each price. */
  #keys: readonly string[] = [];
  #universe: readonly string[] = [];
  #prices = new Float64Array(0);
  #eigenvalues = new Float64Array(0);
  readonly #cursor = new TextCursor();

  /** Null for text that is not a scan: another program wrote it. */
  read(text: unknown): ParsedScan | null {
    if (typeof text !== "string" || SCAN_TEXT_CHARS_MAX < text.length) return null;
    return this.#readByHand(text) ?? this.#readAnyJson(text);
  }

  #readByHand(text: string): ParsedScan | null {
    const cursor = this.#cursor.begin(text);
    if (!cursor.take(HEAD)) return null;
    const scanNumber = cursor.number();
    if (!cursor.take(TIMESTAMP)) return null;
    const timestamp = cursor.until('"');
    if (!cursor.take(ASSETS) || !this.#takeNames(cursor) || !cursor.take(PRICES)) return null;
    const names = this.#names;
    const keys = this.#keys;
    const prices = this.#pricesFor(names.length);
    for (let at = 0; at < keys.length; at += 1) {
      if (!cursor.take(keys[at] ?? "")) return null;
      prices[at] = cursor.number();
    }
    if (!cursor.take(EIGENVALUES)) return null;
    const eigenvalueCount = this.#takeEigenvalues(cursor);
    if (eigenvalueCount === -1 || !cursor.take(TAIL)) return null;
    const numbers = { names, eigenvalueCount };
    const seq = cursor.take(SEQ_BEFORE) && cursor.until(SEQ) !== null && cursor.take(SEQ);
    const members = { scan_number: scanNumber, timestamp, seq: seq ? cursor.number() : 0 };
    const epoch = cursor.take(EPOCH) ? cursor.number() : -1;
    // Strings stand between them, in which a quote is escaped.
    if (cursor.until(REPLAYED) === null || !cursor.take(REPLAYED)) return null;
    const replayed = cursor.flag();
    const late = cursor.take(LATE) ? cursor.flag() : null;
    if (!cursor.take("}") || !cursor.isAtEnd()) return null;
    return this.#scanOf({ ...members, epoch, replayed, late, assets_invalid: NONE }, numbers);
  }

  #readAnyJson(text: string): ParsedScan | null {
    const value = jsonRecord(text);
    const names = namesFrom(value?.["assets"]);
    const byName = value?.["asset_prices"];
    if (value === null || names === null || !isObject(byName)) return null;
    const prices = this.#pricesFor(names.length);
    const priceOf = new Map<string, unknown>(Object.entries(byName));
    for (const [at, name] of names.entries()) {
      const price = priceOf.get(name);
      prices[at] = typeof price === "number" ? price : Number.NaN;
    }
    const { eigenvalues } = value;
    if (!Array.isArray(eigenvalues) || SCAN_ASSETS_MAX < eigenvalues.length) return null;
    if (!eigenvalues.every((one) => typeof one === "number")) return null;
    this.#growEigenvalues(eigenvalues.length);
    this.#eigenvalues.set(eigenvalues);
    return this.#scanOf(value, { names, eigenvalueCount: eigenvalues.length });
  }

  #scanOf(value: RawMembers, numbers: Numbers): ParsedScan | null {
    const { scan_number, timestamp, seq, epoch, replayed, late, assets_invalid } = value;
    const invalid = namesFrom(assets_invalid ?? []);
    const asOfUs = typeof timestamp === "string" ? microsFromIso(timestamp) : null;
    if (!isCount(scan_number) || !isCount(seq) || seq === 0 || !isCount(epoch)) return null;
    if (typeof replayed !== "boolean" || typeof late !== "boolean") return null;
    if (invalid === null || asOfUs === null) return null;
    const prices = this.#prices;
    for (let at = 0; at < numbers.names.length; at += 1) {
      const price = prices[at] ?? Number.NaN;
      if (!(price > 0 && price < Infinity)) prices[at] = Number.NaN;
    }
    this.#settleUniverse(numbers.names, invalid);
    return {
      seq,
      scanNumber: scan_number,
      epoch,
      asOfMs: asOfUs / US_PER_MS,
      isReplayed: replayed,
      isLate: late,
      assets: this.#universe,
      prices: this.#prices,
      eigenvalues: this.#eigenvalues,
      eigenvalueCount: numbers.eigenvalueCount,
    };
  }

  /**
   * An asset without a valid price in one scan keeps its column, so that the windows of the other assets, and
   * the share of an eigenvalue, keep their meaning.
   */
  #settleUniverse(names: readonly string[], invalid: readonly string[]): void {
    if (invalid.length === 0) {
      if (!areSame(this.#universe, names)) this.#universe = names;
      return;
    }
    const priced = new Map(names.map((name, at) => [name, this.#prices[at] ?? Number.NaN]));
    const all = [...names, ...invalid.filter((name) => !priced.has(name))];
    const known = new Set(this.#universe);
    const isKnown = all.length === known.size && all.every((name) => known.has(name));
    if (!isKnown) this.#universe = all;
    const prices = this.#pricesFor(all.length);
    for (const [at, name] of this.#universe.entries()) prices[at] = priced.get(name) ?? Number.NaN;
  }

  /** The names are mostly those of the previous scan: one string comparison. */
  #takeNames(cursor: TextCursor): boolean {
    if (this.#namesText !== "" && cursor.take(this.#namesText)) return true;
    const text = cursor.until(`],${PRICES}`);
    const names = text === null ? null : namesFrom(jsonOrNull(`[${text}]`));
    if (text === null || names === null || !cursor.take("],")) return false;
    this.#names = names;
    this.#namesText = `${text}],`;
    this.#keys = names.map((name, at) => `${at === 0 ? "" : ","}${JSON.stringify(name)}:`);
    return true;
  }

  /** The count; -1 when it is not a list of numbers. */
  #takeEigenvalues(cursor: TextCursor): number {
    if (cursor.isAt("]")) return 0;
    for (let count = 0; count < SCAN_ASSETS_MAX; count += 1) {
      if (count === this.#eigenvalues.length) this.#growEigenvalues(Math.max(64, 2 * count));
      const value = cursor.number();
      if (Number.isNaN(value)) return -1;
      this.#eigenvalues[count] = value;
      if (cursor.isAt("]")) return count + 1;
      if (!cursor.take(",")) return -1;
    }
    return -1;
  }

  #pricesFor(count: number): Float64Array {
    if (this.#prices.length < count) {
      const larger = new Float64Array(2 * count);
      larger.set(this.#prices);
      this.#prices = larger;
    }
    return this.#prices;
  }

  #growEigenvalues(count: number): void {
    if (count <= this.#eigenvalues.length) return;
    const larger = new Float64Array(count);
    larger.set(this.#eigenvalues);
    this.#eigenvalues = larger;
  }
}

function namesFrom(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || SCAN_ASSETS_MAX < value.length) return null;
  if (!value.every(isName)) return null;
  return new Set(value).size === value.length ? value : null;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= ASSET_NAME_LENGTH_MAX;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && 0 <= value;
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one === other) return true;
  return one.length === other.length && one.every((name, at) => name === other[at]);
}
