/**
 * The recorded readings of a strategy's indicators, for a run over the archive: each reading at the time at which it
 * became known. Other inputs, and archives without readings, have none.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { RecordedFeature } from "../../../domain/backtest/backtest-run.ts";
import { type KnownReading, knownSoFar } from "../../../domain/indicators/known-readings.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../../domain/time.ts";
import { ReadingsStore } from "../../../adapters/indicators/readings-store.ts";
import { indicatorKey, indicatorOf } from "../../../wire/indicators/indicator-values.ts";
import { knownBeforeMs } from "./known-before.ts";

type RecordedRange = {
  /** First day folder; null: no limit. */
  readonly from: string | null;
  /** The store; absent: none. */
  readonly readings?: string | null;
  /** The strategy's inputs. */
  readonly inputs?: readonly string[];
  /** Age budgets; left out: nothing from before the range is given. */
  readonly budgetsMs?: Readonly<Record<string, number>>;
};

export type RecordedFeatures = {
  /** The readings that became known since the last call, up to this time. */
  readonly until: (toMs: number) => readonly RecordedFeature[];
  /** The data's hash extended by the readings up to that time; unchanged where there are none. */
  readonly hashedInto: (dataHash: string, toMs: number) => string;
  /** By declared indicator, the UTC days without a new reading. */
  readonly daysWithout: (range: {
    readonly fromMs: number;
    readonly toMs: number;
  }) => ReadonlyMap<string, readonly string[]>;
  readonly close: () => void;
};

export function openRecorded({
  from,
  readings = null,
  inputs = [],
  budgetsMs = {},
}: RecordedRange): RecordedFeatures {
  const wanted = new Map(
    inputs.flatMap((input) => {
      const name = indicatorOf(input);
      return name === null ? [] : [[input, name] as const];
    }),
  );
  if (wanted.size === 0) return NOTHING_DECLARED;
  const names = [...new Set(wanted.values())];
  const beforeMs = knownBeforeMs(budgetsMs, inputs);
  const fromMs = from === null ? 0 : Date.parse(`${from}T00:00:00Z`) - beforeMs;
  const store =
    readings !== null && existsSync(readings)
      ? new ReadingsStore(readings, { readonly: true })
      : null;
  const pushed = (range: { fromMs: number; toMs: number }): Iterable<KnownReading> =>
    store?.pushed({ fromUs: range.fromMs * US_PER_MS, toUs: range.toMs * US_PER_MS + 1 }, names) ??
    [];
  const all = Iterator.from(pushed({ fromMs, toMs: FOR_EVER_MS }));
  const known = knownSoFar(all);
  return {
    until: (toMs) => known.until(toMs * US_PER_MS).flatMap(featuresOf),
    hashedInto(dataHash, toMs) {
      const hash = createHash("sha256").update(dataHash);
      let count = 0;
      for (const { series, value, asOfMs, pushedUs } of pushed({ fromMs, toMs })) {
        hash.update(`${series} ${value} ${asOfMs} ${pushedUs}\n`);
        count += 1;
      }
      return count === 0 ? dataHash : hash.digest("hex");
    },
    daysWithout(range) {
      const seen = new Map(names.map((name) => [name, new Set<string>()]));
      for (const { series, pushedUs } of pushed(range)) {
        seen.get(series.split(".")[0] ?? series)?.add(dayFromMicros(pushedUs));
      }
      const days = daysIn(range);
      return new Map(
        [...wanted].map(([input, name]) => [
          input,
          days.filter((day) => !(seen.get(name)?.has(day) ?? false)),
        ]),
      );
    },
    close() {
      // What was pushed after the run's end is not read, and a store whose rows are being read cannot be closed.
      all.return?.();
      store?.close();
    },
  };
}

/** One sentence for each indicator with missing days. */
export function lackingLines(days: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return [...days].flatMap(([input, lacking]) => {
    const [first] = lacking;
    if (first === undefined) return [];
    const named = lacking.length === 1 ? first : `${lacking.length} days, ${first} the first`;
    return [`${input}: nothing was recorded on ${named}: entries that need it are refused there`];
  });
}

const FOR_EVER_MS = 8_640_000_000_000;
const NOTHING: readonly RecordedFeature[] = [];
const NOTHING_DECLARED: RecordedFeatures = {
  until: () => NOTHING,
  hashedInto: (dataHash) => dataHash,
  daysWithout: () => new Map(),
  close() {},
};

/**
 * The features that a trader gets: the value of the reading's label, and the indicator's own value where this label
 * is its own.
 */
function featuresOf(reading: KnownReading): readonly RecordedFeature[] {
  const { series, value, asOfMs, pushedUs, isOwn } = reading;
  const feature = { value, asOfMs, knownMs: pushedUs / US_PER_MS };
  const named = { name: indicatorKey(series), ...feature };
  if (!isOwn) return [named];
  return [{ name: indicatorKey(series.split(".")[0] ?? series), ...feature }, named];
}

function daysIn({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): string[] {
  const days: string[] = [];
  for (let at = Math.floor(fromMs / MS_PER_DAY); at * MS_PER_DAY <= toMs; at += 1) {
    days.push(dayFromMicros(at * MS_PER_DAY * US_PER_MS));
  }
  return days;
}
