/**
 * Reads the texts in Hazelcast for health. A value that cannot be parsed becomes the reason why; nothing here
 * throws, whoever wrote the value.
 */
import { isRecord, jsonRecord } from "../../domain/json-record.ts";
import { microsFromIso } from "../../domain/scan/timestamp.ts";
import type {
  BookObservation,
  PostureValues,
  Stored,
} from "../../domain/health/sensors/coherence.ts";
import type { ScanValues } from "../../domain/health/sensors/scan-coherence.ts";
import { POSTURES } from "../../domain/trading/posture.ts";

type Fields = Readonly<Record<string, unknown>>;

/** 10,000 assets make about 700 KB. */
const SCAN_CHARS_MAX = 2 * 1_048_576;
const TEXT_CHARS_MAX = 524_288;

/** The stored value: a text, null, or something that is not a text. */
export function storedScan(found: unknown): Stored<ScanValues> {
  return stored(found, SCAN_CHARS_MAX, (fields) => {
    const { seq, epoch, scan_number, timestamp, bridge_ts, asset_prices, assets, eigenvalues } =
      fields;
    if (!isCount(seq) || !isCount(epoch) || !isCount(scan_number)) return null;
    if (!isRecord(asset_prices) || !Array.isArray(assets) || !Array.isArray(eigenvalues)) {
      return null;
    }
    const prices = Object.entries(asset_prices).map(
      ([asset, price]) => [asset, numberOf(price)] as const,
    );
    return {
      seq,
      epoch,
      scanNumber: scan_number,
      timestampUs: microsOf(timestamp),
      bridgeUs: microsOf(bridge_ts),
      prices: new Map(prices),
      assets: assets.length,
      eigenvalues: eigenvalues.map(numberOf),
    };
  });
}

export function storedPosture(found: unknown): Stored<PostureValues> {
  return stored(found, TEXT_CHARS_MAX, ({ posture, ts }) => ({
    posture: POSTURES.find((one) => one === posture) ?? null,
    tsUs: microsOf(ts),
  }));
}

export function storedState(found: unknown): BookObservation["state"] {
  return stored(found, TEXT_CHARS_MAX, ({ capital, equity, updated_at }) => ({
    cash: typeof capital === "number" ? capital : null,
    equity: typeof equity === "number" ? equity : null,
    updatedUs: microsOf(updated_at),
  }));
}

/** The time of a heartbeat. */
export function storedBeat(found: unknown): Stored<number> {
  return stored(found, TEXT_CHARS_MAX, ({ updated_at }) => microsOf(updated_at));
}

export type FeedTimes = {
  readonly asOfUs: number | null;
  readonly pushedUs: number | null;
  /** The service's own status word; absent: it reports none. */
  readonly budgets?: { readonly budgetS: number; readonly staleS: number };
};

/** The time of a feed that an external program pushes. */
export function storedTimes(found: unknown): Stored<FeedTimes> {
  return stored(found, TEXT_CHARS_MAX, ({ as_of, _pushed_at, warn_s, stale_s }) => {
    if (as_of === undefined && _pushed_at === undefined) return null;
    const times = { asOfUs: given(as_of), pushedUs: given(_pushed_at) };
    const hasBudgets = isAbove0(warn_s) && isAbove0(stale_s);
    return hasBudgets ? { ...times, budgets: { budgetS: warn_s, staleS: stale_s } } : times;
  });
}

function isAbove0(value: unknown): value is number {
  return typeof value === "number" && 0 < value && value < Infinity;
}

function stored<T>(
  found: unknown,
  charsMax: number,
  read: (fields: Fields) => T | null,
): Stored<T> {
  if (found === null || found === undefined) return { kind: "nothing" };
  if (typeof found !== "string") return foreign("the stored value is not a text");
  if (charsMax < found.length) {
    return foreign(`the stored value has ${found.length} characters, at most ${charsMax} are read`);
  }
  const fields = jsonRecord(found);
  if (fields === null) return foreign("the stored value is not a JSON object");
  const value = read(fields);
  return value === null
    ? foreign("fields of the stored value are missing or wrong")
    : { kind: "value", value };
}

function foreign(why: string): { readonly kind: "foreign"; readonly why: string } {
  return { kind: "foreign", why };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && 0 <= value;
}

/** NaN for anything that is not a number. */
function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

/** NaN for anything that is not a time. */
function microsOf(value: unknown): number {
  return typeof value === "string" ? (microsFromIso(value) ?? Number.NaN) : Number.NaN;
}

/** Null where nothing is stated. */
function given(value: unknown): number | null {
  return value === undefined || value === null ? null : microsOf(value);
}
