/**
 * A step's result in sixteen bytes: small enough to store for every event, so that a later fold is compared with what
 * happened and not with itself. Invariant: equal bits give equal digests; values that differ in one bit differ in the
 * digest.
 */
import type { TraderCommand } from "../commands.ts";
import { type BookEvent, isBrokerEvent, type ScanEvent, type TraderEvent } from "../events.ts";
import type { Trader } from "../state.ts";

/** The digest of an event and of the desk's answers to it, each part 32 bits. */
export type StepDigest = {
  /** The index of the event that is not a broker's. */
  readonly index: number;
  /** The event and the broker's answers. */
  readonly event: number;
  readonly decision: number;
  /** Orders, fills, trades, days and notes. */
  readonly ledger: number;
  /** Cash, equity and the day's figures after the step. */
  readonly pnl: number;
};

export const DIGEST_PARTS = ["event", "decision", "ledger", "pnl"] as const;

const START = 0x811c9dc5;
const PRIME = 0x01000193;
const EXPONENT = 0x7ff00000;
const VALUE = new Float64Array(1);
const WORDS = new Uint32Array(VALUE.buffer);
const KEPT_LENGTH_MAX = 100;
const KEYS_BY_LENGTH: ArrayKeys[] = [];

/** Collects what one event led to. */
export class StepDigester {
  readonly #carriedCount: number;
  /** The universe, the same array from scan to scan. */
  #assets: readonly string[] = [];
  #names = namesDigest([]);
  #event = START;
  #ledger = START;

  /** `carriedCount`: number of features carried with each scan. */
  constructor(carriedCount: number) {
    this.#carriedCount = carriedCount;
  }

  /** An event that is not a broker's starts a new digest. */
  tookEvent(event: TraderEvent): void {
    if (!isBrokerEvent(event)) {
      this.#event = START;
      this.#ledger = START;
    }
    if (event.kind !== "scan") {
      this.#event = mixValue(this.#event, event);
      return;
    }
    if (event.assets !== this.#assets) {
      this.#assets = event.assets;
      this.#names = namesDigest(event.assets);
    }
    const hash = mixWord(mixScan(this.#event, event), this.#names);
    this.#event = mixDoubles(hash, event.carried, [event.carriedAt, this.#carriedCount]);
  }

  gaveCommands(commands: readonly TraderCommand[]): void {
    for (const command of commands) this.#ledger = mixValue(this.#ledger, command);
  }

  /** Called after the last step of the event. */
  end(trader: Trader, index: number): StepDigest {
    return {
      index,
      event: this.#event >>> 0,
      decision: decisionDigest(trader, index),
      ledger: this.#ledger >>> 0,
      pnl: pnlDigest(trader),
    };
  }
}

/** As a digester's, of an event that led to no command; `pnl` is what `pnlDigest` gave after its step. */
export function quietDigest(event: BookEvent, pnl: number): StepDigest {
  const { index } = event;
  return { index, event: mixValue(START, event) >>> 0, decision: 0, ledger: START, pnl };
}

/** 0 where the event of this index made no decision. */
export function decisionDigest({ data: { decision } }: Trader, index: number): number {
  if (decision.index !== index) return 0;
  let hash = mixNumber(START, decision.seq);
  hash = mixText(hash, decision.class);
  hash = mixText(hash, decision.outcome);
  hash = mixText(hash, decision.refusal ?? "");
  hash = mixText(hash, decision.subject);
  return mixNumber(hash, decision.signal) >>> 0;
}

export function pnlDigest({ data: { account, day, positions } }: Trader): number {
  let hash = mixNumber(START, account.cash);
  hash = mixNumber(hash, account.equity);
  hash = mixNumber(hash, account.realized);
  hash = mixNumber(hash, account.fees);
  hash = mixNumber(hash, account.trades);
  hash = mixNumber(hash, day.realized);
  hash = mixNumber(hash, day.fees);
  hash = mixNumber(hash, day.maxDrawdown);
  return mixNumber(hash, positions.length) >>> 0;
}

function mixScan(start: number, scan: ScanEvent): number {
  let hash = mixNumber(start, scan.index);
  hash = mixNumber(hash, scan.nowMs);
  hash = mixNumber(hash, scan.seq);
  hash = mixNumber(hash, scan.scanNumber);
  hash = mixNumber(hash, scan.asOfMs);
  const flags = (scan.isReplayed ? 1 : 0) | (scan.isLate ? 2 : 0) | (scan.isRepaired ? 4 : 0);
  hash = mixWord(hash, flags);
  hash = mixDoubles(hash, scan.prices, [scan.pricesAt, scan.assets.length]);
  return mixDoubles(hash, scan.eigenvalues, [scan.eigenvaluesAt, scan.eigenvalueCount]);
}

function namesDigest(assets: readonly string[]): number {
  let hash = START;
  for (const asset of assets) hash = mixText(hash, asset);
  return hash;
}

/** Reads straight from the bits of the buffer: there are up to four hundred prices a scan. */
function mixDoubles(
  start: number,
  values: Float64Array,
  [from, count]: readonly [number, number],
): number {
  const words = new Uint32Array(values.buffer, values.byteOffset + 8 * from, 2 * count);
  let hash = mixWord(start, count);
  for (let at = 0; at < words.length; at += 2) {
    const high = words[at + 1]!;
    // All NaNs are equal: the payload bits of a missing price do not count.
    const isPlain = (high & EXPONENT) !== EXPONENT || !Number.isNaN(values[from + at / 2]);
    hash = mixWord(mixWord(hash, isPlain ? words[at]! : 1), isPlain ? high : EXPONENT);
  }
  return hash;
}

/** Keys in sorted order, so that the order of insertion does not count. */
function mixValue(start: number, value: unknown): number {
  if (typeof value === "number") return mixNumber(start, value);
  if (typeof value === "string") return mixText(start, value);
  if (typeof value === "boolean") return mixWord(start, value ? 1 : 2);
  if (typeof value !== "object" || value === null) return mixWord(start, 3);
  if (Array.isArray(value)) return mixArray(mixWord(start, 4), value);
  let hash = mixWord(start, 4);
  for (const key of Object.keys(value).toSorted()) {
    const item = Reflect.get(value, key);
    if (item !== undefined) hash = mixValue(mixText(hash, key), item);
  }
  return hash;
}

/** An array's keys are texts, too: "10" before "2". Those of its length are kept, since an order book has forty levels a side. */
type ArrayKeys = {
  readonly places: Uint32Array;
  /** What `mixText` mixes of each key, one after the other. */
  readonly words: Uint32Array;
  /** Where those of each key end. */
  readonly ends: Uint32Array;
};

function mixArray(start: number, items: readonly unknown[]): number {
  const { places, words, ends } = arrayKeys(items.length);
  let hash = start;
  let word = 0;
  for (let nth = 0; nth < places.length; nth += 1) {
    const item = items[places[nth]!];
    const end = ends[nth]!;
    if (item === undefined) {
      word = end;
      continue;
    }
    while (word < end) hash = mixWord(hash, words[word++]!);
    hash = typeof item === "number" ? mixNumber(hash, item) : mixValue(hash, item);
  }
  return hash;
}

function arrayKeys(length: number): ArrayKeys {
  const kept = KEYS_BY_LENGTH[length];
  if (kept !== undefined) return kept;
  const texts = Array.from({ length }, (_, at) => String(at)).toSorted();
  const words: number[] = [];
  const ends = new Uint32Array(length);
  for (const [nth, text] of texts.entries()) {
    words.push(text.length);
    for (let at = 0; at < text.length; at += 1) words.push(text.charCodeAt(at));
    ends[nth] = words.length;
  }
  const keys = { places: Uint32Array.from(texts, Number), words: Uint32Array.from(words), ends };
  if (length < KEPT_LENGTH_MAX) KEYS_BY_LENGTH[length] = keys;
  return keys;
}

function mixText(start: number, text: string): number {
  let hash = mixWord(start, text.length);
  for (let at = 0; at < text.length; at += 1) hash = mixWord(hash, text.charCodeAt(at));
  return hash;
}

function mixNumber(start: number, value: number): number {
  VALUE[0] = Number.isNaN(value) ? Number.NaN : value;
  return mixWord(mixWord(start, WORDS[0]!), WORDS[1]!);
}

/** The rotation carries high bits down; each step is invertible, so that no difference is lost. */
function mixWord(start: number, word: number): number {
  const hash = Math.imul(start ^ word, PRIME);
  return (hash << 13) | (hash >>> 19);
}
