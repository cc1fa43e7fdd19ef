/**
 * The JSON texts of indicators in Hazelcast: `exf_<name>` with its values by label, and `exf_latest` with those
 * of all indicators. Invariant: a merge never replaces a value by one with an older `as_of`, so merging twice
 * or in another order loses nothing.
 */
import { z } from "zod";
import { ageBudgets, type AgePace } from "../../domain/indicators/indicator-kind.ts";
import { microsFromIso } from "../../domain/scan/timestamp.ts";
import { isoFromMicros, isoFromMs, msFromIso } from "../../domain/time.ts";
import { INDICATOR_TEXT_CHARS_MAX } from "./indicator-value.ts";

/** Its own `value` is that of the first label. */
export const LATEST_INDICATORS_KEY = "exf_latest";

/** Several values and none of its own: they are flat members, by their names. */
const ESOTERIC = "esoteric";
const ESOTERIC_KEY = "esof_latest";

/** The key of an indicator, or of one series: `exf_funding.BTCUSDT`. */
export function indicatorKey(name: string): string {
  return isEsoteric(name) ? `${ESOTERIC_KEY}${name.slice(ESOTERIC.length)}` : `exf_${name}`;
}

export function isEsoteric(name: string): boolean {
  return name === ESOTERIC || name.startsWith(`${ESOTERIC}.`);
}

/** The indicator that provides this input of a strategy; null: another feed provides it. */
export function indicatorOf(input: string): string | null {
  if (input === ESOTERIC_KEY || input.startsWith(`${ESOTERIC_KEY}.`)) return ESOTERIC;
  return /^exf_([a-z][a-z0-9_]*)(\.|$)/.exec(input)?.[1] ?? null;
}

const ValueText = z.object({
  value: z.number(),
  unit: z.string(),
  as_of: z.string().refine((text) => !Number.isNaN(msFromIso(text))),
  fetched_at: z.string(),
  source: z.string(),
  source_hash: z.string(),
  next_at: z.string().optional(),
  note: z.string().optional(),
});
export type ValueText = z.infer<typeof ValueText>;

export const IndicatorText = ValueText.extend({
  /** By `as_of`. */
  warn_s: z.number(),
  stale_s: z.number(),
  values: z.record(z.string(), ValueText),
  _pushed_at: z.string(),
});
export type IndicatorText = z.infer<typeof IndicatorText>;

export type FreshValue = {
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  readonly asOfMs: number;
  readonly fetchedUs: number;
  readonly source: string;
  readonly sourceHash: string;
  readonly nextMs: number | null;
  readonly note: string | null;
};

export type Fresh = {
  readonly name: string;
  readonly values: readonly FreshValue[];
  /** The label whose value is the indicator's own. */
  readonly first: string;
  readonly pace: AgePace;
  readonly pushedUs: number;
};

/**
 * Outcome of a new value: `repeated` is the same again, `revised` another value for the same time, and `older`
 * came after a newer one and is not pushed.
 */
export type Merged = "fresh" | "revised" | "repeated" | "older";

/** A null text means that nothing can be pushed yet, because the first label has no value. */
export function mergedIndicator(
  before: unknown,
  fresh: Fresh,
): { readonly text: string | null; readonly became: ReadonlyMap<string, Merged> } {
  if (isEsoteric(fresh.name)) return mergedFlat(jsonIn(before), fresh);
  const { entry, became } = mergedEntry(IndicatorText.safeParse(jsonIn(before)).data, fresh);
  return { text: entry === null ? null : JSON.stringify(entry), became };
}

/** All values have one time: they replace the earlier ones together. */
function mergedFlat(
  before: Readonly<Record<string, unknown>> | null,
  { values, pace, pushedUs }: Fresh,
): ReturnType<typeof mergedIndicator> {
  const asOfMs = Math.max(...values.map((one) => one.asOfMs));
  const standing = before?.["as_of"];
  const standingMs = typeof standing === "string" ? msFromIso(standing) : Number.NaN;
  const outcome: Merged =
    asOfMs < standingMs ? "older" : asOfMs === standingMs ? "repeated" : "fresh";
  const became = new Map(values.map(({ label }) => [label, outcome]));
  if (outcome === "older") return { text: null, became };
  const text = JSON.stringify({
    ...Object.fromEntries(values.map(({ label, value }) => [label, value])),
    as_of: isoFromMs(asOfMs),
    source: values[0]?.source ?? "",
    warn_s: pace.warnS,
    stale_s: pace.staleS,
    _pushed_at: isoFromMicros(pushedUs),
  });
  return { text, became };
}

/** The values of `esof_latest` by name; null: the text is not one. */
export function parseFlat(
  text: unknown,
): { readonly values: ReadonlyMap<string, number>; readonly asOfMs: number } | null {
  const found = jsonIn(text);
  const at = found?.["as_of"];
  const asOfMs = typeof at === "string" ? msFromIso(at) : Number.NaN;
  if (found === null || Number.isNaN(asOfMs)) return null;
  const values = Object.entries(found).flatMap(([name, value]) =>
    typeof value === "number" && Number.isFinite(value) && !BUDGETS.includes(name)
      ? [[name, value] as const]
      : [],
  );
  return values.length === 0 ? null : { values: new Map(values), asOfMs };
}

const BUDGETS = ["warn_s", "stale_s"];

export type SaidValue = {
  readonly label: string;
  readonly value: number;
  /** Whole milliseconds. */
  readonly asOfMs: number;
};

/** The values of a stored text, and when it was stored; null: nobody could read it. */
export function saidBy(
  name: string,
  text: unknown,
): { readonly values: readonly SaidValue[]; readonly pushedUs: number } | null {
  const found = jsonIn(text);
  const at = found?.["_pushed_at"];
  const pushedUs = typeof at === "string" ? microsFromIso(at) : null;
  if (pushedUs === null) return null;
  if (isEsoteric(name)) {
    const flat = parseFlat(text);
    if (flat === null) return null;
    const { asOfMs } = flat;
    return {
      values: [...flat.values].map(([label, value]) => ({ label, value, asOfMs })),
      pushedUs,
    };
  }
  const entry = IndicatorText.safeParse(found).data;
  if (entry === undefined) return null;
  const values = Object.entries(entry.values).map(([label, { value, as_of }]) => {
    return { label, value, asOfMs: msFromIso(as_of) };
  });
  return { values, pushedUs };
}

/** `exf_latest` updated with this reading; null: the reading changes nothing in it. */
export function mergedLatest(before: unknown, fresh: Fresh): string | null {
  if (isEsoteric(fresh.name)) return null;
  const found = jsonIn(before);
  const others: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(found ?? {})) {
    if (!name.startsWith("_")) others[name] = entry;
  }
  const standing = IndicatorText.safeParse(others[fresh.name]).data;
  const { entry } = mergedEntry(standing, fresh);
  if (entry === null) return null;
  const pushedAt = isoFromMicros(fresh.pushedUs);
  return JSON.stringify({ ...others, [fresh.name]: entry, _pushed_at: pushedAt });
}

function mergedEntry(
  before: IndicatorText | undefined,
  fresh: Fresh,
): { readonly entry: IndicatorText | null; readonly became: ReadonlyMap<string, Merged> } {
  const values = new Map(Object.entries(before?.values ?? {}));
  const became = new Map<string, Merged>();
  for (const one of fresh.values.toSorted((a, b) => a.asOfMs - b.asOfMs)) {
    const standing = values.get(one.label);
    const outcome = outcomeOf(standing, one);
    became.set(one.label, outcome);
    if (outcome !== "older") values.set(one.label, textOf(one));
  }
  const own = values.get(fresh.first);
  if (own === undefined) return { entry: null, became };
  const { warnS, staleS } = ageBudgets(fresh.pace, timesOf(own));
  const entry: IndicatorText = {
    ...own,
    warn_s: warnS,
    stale_s: staleS,
    values: Object.fromEntries(values),
    _pushed_at: isoFromMicros(fresh.pushedUs),
  };
  return { entry, became };
}

/** When a value was true, and when its source said that the next is due. */
export function timesOf({ as_of, next_at }: ValueText): {
  readonly asOfMs: number;
  readonly nextMs: number | null;
} {
  const nextMs = next_at === undefined ? Number.NaN : msFromIso(next_at);
  return { asOfMs: msFromIso(as_of), nextMs: Number.isNaN(nextMs) ? null : nextMs };
}

function outcomeOf(standing: ValueText | undefined, one: FreshValue): Merged {
  if (standing === undefined) return "fresh";
  const asOfMs = msFromIso(standing.as_of);
  if (one.asOfMs < asOfMs) return "older";
  if (asOfMs < one.asOfMs) return "fresh";
  return one.value === standing.value ? "repeated" : "revised";
}

function textOf(one: FreshValue): ValueText {
  return {
    value: one.value,
    unit: one.unit,
    as_of: isoFromMs(one.asOfMs),
    fetched_at: isoFromMicros(one.fetchedUs),
    source: one.source,
    source_hash: one.sourceHash,
    ...(one.nextMs === null ? {} : { next_at: isoFromMs(one.nextMs) }),
    ...(one.note === null ? {} : { note: one.note }),
  };
}

/** Null: not a JSON object of an acceptable length, and the next writer replaces it. */
function jsonIn(text: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof text !== "string" || INDICATOR_TEXT_CHARS_MAX < text.length) return null;
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    return null;
  }
}
