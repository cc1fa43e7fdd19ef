/**
 * The present values of the configured indicators: from Hazelcast, or where that does not answer, from the last
 * recorded readings.
 */
import type { Config } from "../../config.ts";
import { isoFromMs, MS_PER_SECOND, US_PER_MS } from "../../domain/time.ts";
import { ageBudgets } from "../../domain/indicators/indicator-kind.ts";
import type { KnownReading } from "../../domain/indicators/known-readings.ts";
import { wallMicros } from "../../adapters/clock.ts";
import {
  configuredCluster,
  connectHazelcast,
  type HazelcastHandle,
} from "../../adapters/hazelcast/hazelcast-client.ts";
import { ReadingsStore, readingsPath } from "../../adapters/indicators/readings-store.ts";
import {
  indicatorKey,
  IndicatorText,
  isEsoteric,
  parseFlat,
  timesOf,
} from "../../wire/indicators/indicator-values.ts";
import { FEATURES_MAP } from "../../wire/scan-value.ts";
import { configuredIndicators, type ConfiguredIndicator } from "./configured-indicators.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

/** `old` is over the first age budget, `stale` over the second; by `as_of`. */
export type IndicatorState = "fresh" | "old" | "stale" | "never" | "disabled";

export type IndicatorRow = {
  readonly name: string;
  readonly label: string;
  readonly value: number | null;
  readonly unit: string;
  readonly as_of: string | null;
  readonly age_s: number | null;
  readonly warn_s: number;
  readonly stale_s: number;
  readonly state: IndicatorState;
  readonly source: string | null;
  readonly note: string | null;
  /** `hazelcast`, or `store` where that did not answer. */
  readonly from: "hazelcast" | "store";
};

type Standing = {
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  readonly asOfMs: number;
  /** When the next is due; null: not known. */
  readonly nextMs: number | null;
  readonly source: string;
  readonly note: string | null;
};

/** @throws {Error} that names the key whose kind can't be had */
export async function readIndicators(config: Config): Promise<readonly IndicatorRow[]> {
  if (Object.keys(config.indicators).length === 0) return [];
  const cluster = configuredCluster(config.hazelcast);
  const hazelcast = await connectHazelcast({ ...cluster, name: "dolphin-indicators-ls" });
  try {
    return await indicatorsOver(config, hazelcast, cluster.deadlineMs);
  } finally {
    await hazelcast.shutdown();
  }
}

/** On an existing connection. @throws {Error} that names the key whose kind can't be loaded */
export async function indicatorsOver(
  config: Config,
  hazelcast: HazelcastHandle,
  waitMs: number,
): Promise<readonly IndicatorRow[]> {
  const indicators = await configuredIndicators(config);
  if (indicators.length === 0) return [];
  const answers = await hazelcast.waitConnected(waitMs);
  const standing = answers ? await inHazelcast(hazelcast, indicators) : null;
  const from = standing === null ? ("store" as const) : ("hazelcast" as const);
  const nowUs = wallMicros();
  const found = standing ?? inStore(config, nowUs);
  return indicators.flatMap((indicator) =>
    rowsOf(indicator, found.get(indicator.name) ?? [], nowUs / US_PER_MS).map((row) => ({
      ...row,
      from,
    })),
  );
}

/** Null: it did not answer. */
async function inHazelcast(
  hazelcast: HazelcastHandle,
  indicators: readonly ConfiguredIndicator[],
): Promise<ReadonlyMap<string, readonly Standing[]> | null> {
  try {
    const map = await hazelcast.client.getMap<string, unknown>(FEATURES_MAP);
    const keys = indicators.map(({ name }) => indicatorKey(name));
    const texts = new Map(await hazelcast.call("read indicators", () => map.getAll(keys)));
    return new Map(
      indicators.map((one) => [one.name, standingIn(one, texts.get(indicatorKey(one.name)))]),
    );
  } catch {
    return null;
  }
}

function standingIn({ name }: ConfiguredIndicator, text: unknown): readonly Standing[] {
  if (isEsoteric(name)) {
    const flat = parseFlat(text);
    return [...(flat?.values ?? [])].map(([label, value]) => ({
      label,
      value,
      unit: "",
      asOfMs: flat?.asOfMs ?? 0,
      nextMs: null,
      source: "computed",
      note: null,
    }));
  }
  const parsed = IndicatorText.safeParse(typeof text === "string" ? jsonOrNull(text) : null);
  return Object.entries(parsed.data?.values ?? {}).map(([label, one]) => ({
    label,
    value: one.value,
    unit: one.unit,
    ...timesOf(one),
    source: one.source,
    note: one.note ?? null,
  }));
}

function inStore(config: Config, nowUs: number): ReadonlyMap<string, readonly Standing[]> {
  const byName = new Map<string, Standing[]>();
  for (const { series, value, unit, asOfMs, source } of knownIn(config, nowUs)) {
    const [name = series] = series.split(".");
    const label = series.slice(name.length + 1);
    const rows = byName.get(name) ?? [];
    rows.push({ label, value, unit, asOfMs, nextMs: null, source, note: null });
    byName.set(name, rows);
  }
  return byName;
}

function knownIn({ data_dir }: Config, nowUs: number): readonly KnownReading[] {
  const store = openReadings(data_dir);
  try {
    return store?.knownAt(nowUs) ?? [];
  } finally {
    store?.close();
  }
}

/** Read-only; null: nothing was ever recorded on this data directory. */
export function openReadings(dataDir: string): ReadingsStore | null {
  try {
    return new ReadingsStore(readingsPath(dataDir), { readonly: true });
  } catch {
    return null;
  }
}

function rowsOf(
  { name, kind, enabled }: ConfiguredIndicator,
  standing: readonly Standing[],
  nowMs: number,
): readonly Omit<IndicatorRow, "from">[] {
  if (standing.length === 0) {
    const state = enabled ? "never" : "disabled";
    const nothing = { value: null, as_of: null, age_s: null, source: null, note: null };
    const budgets = { warn_s: kind.pace.warnS, stale_s: kind.pace.staleS };
    return [{ name, label: "", unit: "", ...budgets, state, ...nothing }];
  }
  return standing.map(({ asOfMs, nextMs, ...one }) => {
    const { warnS, staleS } = ageBudgets(kind.pace, { asOfMs, nextMs });
    const budgets = { warn_s: warnS, stale_s: staleS };
    const age_s = (nowMs - asOfMs) / MS_PER_SECOND;
    const state = !enabled
      ? "disabled"
      : staleS < age_s
        ? "stale"
        : warnS < age_s
          ? "old"
          : "fresh";
    return { name, ...one, as_of: isoFromMs(asOfMs), age_s, ...budgets, state };
  });
}
