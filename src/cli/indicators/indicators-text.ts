/** Indicators and their history as text. */
import { isoFromMicros, isoFromMs } from "../../domain/time.ts";
import type { ReadingRow } from "../../adapters/indicators/readings-store.ts";
import type { IndicatorRow } from "../../operations/indicators/indicator-view.ts";
import type { FactorAdvice } from "../../operations/indicators/factor-advisor.ts";
import { aligned } from "../rendering/columns.ts";
import { duration } from "../rendering/durations.ts";

const NONE =
  "no indicators are configured, because each sends requests to an outside service. Add them to dolphin.yaml, such as\n" +
  "  indicators: { fear_greed: {} }\n" +
  "and run 'dolphin create'; 'dolphin indicators --help' says more";
const DIGITS = 8;

export function indicatorsText(rows: readonly IndicatorRow[]): string {
  if (rows.length === 0) return NONE;
  const heads = ["indicator", "value", "unit", "age", "old / stale", "state", "source"];
  const cells = rows.map((row) => [
    row.label === "" ? row.name : `${row.name}.${row.label}`,
    row.value === null ? "-" : String(Number(row.value.toPrecision(DIGITS))),
    row.unit,
    duration(row.age_s),
    `${duration(row.warn_s)} / ${duration(row.stale_s)}`,
    row.state,
    `${row.source ?? "-"}${row.note === null ? "" : `: ${row.note}`}`,
  ]);
  const isStored = rows.some(({ from }) => from === "store");
  const said = isStored ? ["Hazelcast does not answer: these are the last recorded readings."] : [];
  return [...aligned([heads, ...cells]), ...said].join("\n");
}

export function historyText(rows: readonly ReadingRow[]): string {
  const heads = ["series", "as of", "known since", "value", "unit", "seen", "source"];
  const cells = rows.map((row) => [
    row.series,
    isoFromMs(row.asOfMs),
    row.pushedUs === null ? "never pushed" : isoFromMicros(row.pushedUs),
    String(row.value),
    row.unit,
    String(row.seen),
    `${row.source} ${row.sourceHash}${row.note === null ? "" : `: ${row.note}`}`,
  ]);
  return aligned([heads, ...cells]).join("\n");
}

export function adviceText(advice: FactorAdvice): string {
  const { days, from, to, why, permutations, factors } = advice;
  if (why !== null) return `no edge shown: ${why}`;
  const heads = ["factor", "p", "adjusted", "verdict", "differs most"];
  const cells = factors
    .toSorted((a, b) => a.adjustedP - b.adjustedP || a.p - b.p)
    .map(({ name, p, adjustedP, verdict, best }) => [
      name,
      p.toFixed(4),
      adjustedP.toFixed(4),
      verdict,
      best === null
        ? "-"
        : `${best.group}: ${bps(best.mean)} a day on ${best.days} days, ${bps(best.others)} on others`,
    ]);
  const shown = factors.filter(({ verdict }) => verdict === "edge shown").map(({ name }) => name);
  const sum = shown.length === 0 ? "no edge shown" : `edge shown: ${shown.join(", ")}`;
  const over = `${days} days from ${from} to ${to}, ${permutations} permutations`;
  return [...aligned([heads, ...cells]), `${sum} (${over})`].join("\n");
}

function bps(share: number): string {
  return `${(share * 10_000).toFixed(1)} bps`;
}

export function historyJson(rows: readonly ReadingRow[]): string {
  const shown = rows.map((row) => ({
    series: row.series,
    as_of: isoFromMs(row.asOfMs),
    fetched_at: isoFromMicros(row.fetchedUs),
    pushed_at: row.pushedUs === null ? null : isoFromMicros(row.pushedUs),
    value: row.value,
    unit: row.unit,
    source: row.source,
    source_hash: row.sourceHash,
    note: row.note,
    seen: row.seen,
    last_fetched_at: isoFromMicros(row.lastFetchedUs),
  }));
  return JSON.stringify(shown, null, 2);
}
