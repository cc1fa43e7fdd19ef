/**
 * One reading of one indicator: requested within the venue's budget, stored with its revisions, and pushed where it
 * is newer than the stored one. Idempotent: repeating it yields the same row and the same value.
 */
import { createHash } from "node:crypto";
import { messageOf } from "../../domain/failure.ts";
import {
  type FetchedKind,
  type ParsedReading,
  type IndicatorAsk,
  isFetched,
} from "../../domain/indicators/indicator-kind.ts";
import { READER, ReadingError } from "../../domain/indicators/indicator-reader.ts";
import { isoFromMs, MS_PER_DAY, MS_PER_MINUTE, US_PER_MS } from "../../domain/time.ts";
import type { FeatureStore } from "../../adapters/indicators/feature-store.ts";
import type { ReadingsStore } from "../../adapters/indicators/readings-store.ts";
import {
  type Fresh,
  type FreshValue,
  indicatorKey,
  isEsoteric,
  LATEST_INDICATORS_KEY,
  type Merged,
  mergedIndicator,
  mergedLatest,
  saidBy,
} from "../../wire/indicators/indicator-values.ts";
import { INDICATOR_TEXT_CHARS_MAX } from "../../wire/indicators/indicator-value.ts";
import { FEATURES_MAP } from "../../wire/scan-value.ts";
import type { IndicatorResult } from "../../workflows/messages/indicators.ts";
import type { ConfiguredIndicator } from "./configured-indicators.ts";
import { fetchWithin } from "./venue-fetch.ts";
import { RefreshProblem } from "./refresh-problem.ts";

export type RefreshWorld = {
  readonly features: FeatureStore;
  readonly readings: ReadingsStore;
  readonly nowUs: () => number;
  /** Of each answer of a venue. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
};

type Read = { readonly values: readonly FreshValue[]; readonly problems: readonly Problem[] };
type Problem = { readonly symbol: string; readonly problem: RefreshProblem };

/** The source's clock may be ahead by this much. */
const AHEAD_MAX_MS = MS_PER_MINUTE;
const KEEP_DAYS = 400;
const HASH_DIGITS = 32;

/** @throws {RefreshProblem} when there is nothing to push; a problem of a single symbol is in the result. */
export async function refreshIndicator(
  indicator: ConfiguredIndicator,
  world: RefreshWorld,
): Promise<IndicatorResult> {
  const { name, kind } = indicator;
  const read = isFetched(kind)
    ? await fetchAll(indicator, kind, world)
    : computed(indicator, world);
  if (read.values.length === 0) {
    throw read.problems[0]?.problem ?? new RefreshProblem("venue_error", `${name} has no value`);
  }
  const first = firstLabel(indicator, read.values);
  const keptFromUs = world.nowUs() - KEEP_DAYS * MS_PER_DAY * US_PER_MS;
  const ids = world.readings.record(
    read.values.map(({ label, nextMs: _next, ...kept }) => ({
      ...kept,
      series: `${name}.${label}`,
      isOwn: label === first && !isEsoteric(name),
    })),
    keptFromUs,
  );
  const newest = { name, values: newestOf(read.values), first, pace: kind.pace };
  const { became, pushedUs } = await pushOwn(newest, world);
  // One that another value of its label hides is in no text.
  const outcomes = read.values.map((value) => became.get(labelAndTime(value)) ?? "older");
  if (pushedUs !== null) {
    world.readings.markPushed(
      ids.filter((_, at) => outcomes[at] !== "older"),
      pushedUs,
    );
    // No trader reads it.
    await change(world, LATEST_INDICATORS_KEY, (before) =>
      mergedLatest(before, { ...newest, pushedUs }),
    );
  }
  return {
    name,
    values: read.values.map((value, at) => ({
      label: value.label,
      value: value.value,
      unit: value.unit,
      as_of: isoFromMs(value.asOfMs),
      outcome: outcomes[at]!,
    })),
    problems: read.problems.map(({ symbol, problem }) => ({
      symbol,
      why: problem.why,
      detail: problem.message,
    })),
  };
}

/**
 * Stores the indicator's own text. Invariant: the values of the previous text are marked in the store before the text
 * is replaced. So the store knows each reading that a trader could receive from the same time on, also where an
 * earlier try failed halfway. `pushedUs` null: nothing was stored.
 */
async function pushOwn(
  newest: Omit<Fresh, "pushedUs">,
  world: RefreshWorld,
): Promise<{ readonly became: ReadonlyMap<string, Merged>; readonly pushedUs: number | null }> {
  const { name, values } = newest;
  let pushedUs: number | null = null;
  let became: ReadonlyMap<string, Merged> = new Map();
  await change(world, indicatorKey(name), (before) => {
    markStanding(name, before, world.readings);
    // Of the try that succeeds: a trader takes the text from then on, so that a run over the store does, too.
    const nowUs = world.nowUs();
    const merged = mergedIndicator(before, { ...newest, pushedUs: nowUs });
    became = merged.became;
    pushedUs = merged.text === null ? null : nowUs;
    return merged.text;
  });
  const outcomes = values.map(
    (value) => [labelAndTime(value), became.get(value.label) ?? "older"] as const,
  );
  return { became: new Map(outcomes), pushedUs };
}

function markStanding(name: string, text: unknown, readings: ReadingsStore): void {
  const said = saidBy(name, text);
  if (said === null) return;
  readings.markSaid(
    said.values.map(({ label, ...value }) => ({ series: `${name}.${label}`, ...value })),
    said.pushedUs,
  );
}

async function change(
  { features }: RefreshWorld,
  key: string,
  textAfter: (before: unknown) => string | null,
): Promise<void> {
  let ownFailure: unknown = null;
  try {
    await features.change({ map: FEATURES_MAP, key }, (before) => {
      try {
        return readableText(key, textAfter(before));
      } catch (error) {
        ownFailure = error;
        throw error;
      }
    });
  } catch (error) {
    if (error === ownFailure) throw error;
    throw new RefreshProblem("hazelcast", messageOf(error));
  }
}

/** @throws {RefreshProblem} for a text that no reader would take. */
function readableText(key: string, text: string | null): string | null {
  if (text === null || text.length <= INDICATOR_TEXT_CHARS_MAX) return text;
  throw new RefreshProblem(
    "too_large",
    `${key} would have ${text.length} characters, and may have ${INDICATOR_TEXT_CHARS_MAX}: configure fewer symbols`,
  );
}

/** One of each label. */
function newestOf(values: readonly FreshValue[]): readonly FreshValue[] {
  const newest = new Map<string, FreshValue>();
  for (const value of values) {
    const other = newest.get(value.label);
    if (other === undefined || other.asOfMs < value.asOfMs) newest.set(value.label, value);
  }
  return [...newest.values()];
}

/** The label whose value is the indicator's own. */
function firstLabel({ name, symbols }: ConfiguredIndicator, values: readonly FreshValue[]): string {
  return symbols[0] ?? values[0]?.label ?? name;
}

function labelAndTime({ label, asOfMs }: FreshValue): string {
  return `${label} ${asOfMs}`;
}

function computed({ name, kind }: ConfiguredIndicator, { nowUs }: RefreshWorld): Read {
  if (isFetched(kind)) return { values: [], problems: [] };
  const fetchedUs = nowUs();
  const found = kind.compute(fetchedUs / US_PER_MS);
  const source = { source: "computed", sourceHash: hashOf(name), fetchedUs };
  return { values: found.map((one) => valueFrom(one, source)), problems: [] };
}

async function fetchAll(
  indicator: ConfiguredIndicator,
  kind: FetchedKind,
  world: RefreshWorld,
): Promise<Read> {
  const ask = (asked: IndicatorAsk) => fetchWithin(asked, { indicator, kind, ...world });
  const shared = kind.shared === undefined ? null : await ask(kind.shared);
  const values: FreshValue[] = [];
  const problems: Problem[] = [];
  for (const symbol of indicator.symbols) {
    try {
      const answer = await ask(kind.ask(symbol, Math.floor(world.nowUs() / US_PER_MS)));
      const fetchedUs = world.nowUs();
      const nowMs = fetchedUs / US_PER_MS;
      const found = kind.read({
        body: answer.body,
        shared: shared?.body ?? null,
        symbol,
        reader: READER,
        nowMs,
      });
      const ahead = found.find(({ asOfMs }) => nowMs + AHEAD_MAX_MS < asOfMs);
      if (ahead !== undefined) {
        const at = isoFromMs(ahead.asOfMs);
        throw new RefreshProblem(
          "bad_time",
          `${symbol} has the time ${at}, which is in the future`,
        );
      }
      const texts = shared === null ? [answer.text] : [answer.text, shared.text];
      const source = { source: answer.source, sourceHash: hashOf(...texts), fetchedUs };
      values.push(...found.map((one) => valueFrom(one, source)));
    } catch (error) {
      const problem = problemFrom(error, symbol);
      // The venue would not answer the other symbols either.
      if (problem.isOfVenue) {
        if (values.length === 0) throw problem;
        problems.push(
          ...restFrom(indicator.symbols, symbol).map((one) => ({ symbol: one, problem })),
        );
        break;
      }
      problems.push({ symbol, problem });
    }
  }
  return { values, problems };
}

function problemFrom(error: unknown, symbol: string): RefreshProblem {
  if (error instanceof RefreshProblem) return error;
  if (error instanceof ReadingError) {
    return new RefreshProblem(error.problem, `${symbol}: ${error.message}`);
  }
  // An indicator's file may have an error of its own: it is reported, and affects nothing else.
  return new RefreshProblem("wrong_shape", `${symbol}: it could not be read: ${messageOf(error)}`);
}

function restFrom(symbols: readonly string[], from: string): readonly string[] {
  return symbols.slice(symbols.indexOf(from));
}

function valueFrom(
  { label, value, unit, asOfMs, nextMs, note }: ParsedReading,
  source: Pick<FreshValue, "source" | "sourceHash" | "fetchedUs">,
): FreshValue {
  if (!Number.isFinite(value)) throw new ReadingError("wrong_shape", `${label} is ${value}`);
  return { label, value, unit, asOfMs, nextMs: nextMs ?? null, note: note ?? null, ...source };
}

function hashOf(...texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex").slice(0, HASH_DIGITS);
}
