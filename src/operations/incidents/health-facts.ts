/** Health's report as facts; all of them are unknown once it is old. */
import {
  type Fact,
  type Facts,
  type FactTable,
  NO_FACTS,
  segmentOf,
} from "../../domain/incidents/facts.ts";
import { isBesideUs } from "../../domain/health/feeds.ts";
import { isOperatorsStop } from "../../domain/health/service-faults.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { HealthReport } from "../../wire/health/health-report.ts";

export type AgedHealth = { readonly report: HealthReport; readonly ageMs: number };

/** A sample comes every five seconds; an older one may no longer be true. */
const REPORT_AGE_MS_MAX = 20_000;
const LAYER = /^worker:(.+)$/;

/** Written by our own program, and checked in outline; null: not a report. */
export function agedHealth(text: string, ageMs: number): AgedHealth | null {
  try {
    const report: unknown = JSON.parse(text);
    return isReport(report) ? { report: withDefaults(report), ageMs } : null;
  } catch {
    return null;
  }
}

function isReport(value: unknown): value is HealthReport {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return (
    typeof fields.get("timestamp") === "string" &&
    typeof fields.get("subsystem_health") === "object" &&
    Array.isArray(fields.get("roots")) &&
    Array.isArray(fields.get("symptoms"))
  );
}

/** Fields that an older release of health lacks. */
function withDefaults(report: HealthReport): HealthReport {
  const { dependencies, counters }: Partial<HealthReport> = report;
  return { ...report, dependencies: dependencies ?? {}, counters: counters ?? {} };
}

/** Null: it has reported nothing. `silentS` is then the time since it should have. */
export function healthFacts(health: AgedHealth | null, silentS: number): Facts {
  const ageS = health === null ? silentS : health.ageMs / MS_PER_SECOND;
  const silent = { "health.silent_s": ageS };
  if (health === null) return { ...NO_FACTS, values: silent };
  const { report, ageMs } = health;
  const values = { ...feedsIn(report, ageS), ...dependenciesIn(report), ...countersIn(report) };
  if (REPORT_AGE_MS_MAX < ageMs) {
    const unknown = `health has said nothing for ${Math.round(ageS)} s`;
    const names = Object.keys(values).map((name) => [name, { unknown }] as const);
    return { ...NO_FACTS, values: { ...Object.fromEntries(names), ...silent } };
  }
  const roots = report.roots.map((root) => ({
    id: root.id,
    kind: root.kind,
    subject: root.subject,
    says: root.evidence[0] ?? root.id,
    isStop: isOperatorsStop(root),
  }));
  return { values: { ...values, ...silent }, roots, symptoms: report.symptoms };
}

function feedsIn({ subsystem_health, rm_meta, status }: HealthReport, ageS: number): FactTable {
  const table: Record<string, Fact> = {
    "health.rm_meta": rm_meta ?? { unknown: "no sensor is known" },
    "health.status": status,
  };
  const feeds = Object.entries(subsystem_health.data_sources);
  for (const [name, { age_s, budget_s }] of feeds) {
    const feed = `feed.${segmentOf(name)}`;
    table[`${feed}.budget_s`] = budget_s;
    table[`${feed}.age_s`] = age_s === null ? { unknown: `${name} has no age` } : age_s + ageS;
  }
  // External programs that write through the same machines as the scans' source; our own feeds say nothing about it.
  const beside = feeds.filter(
    ([name, { age_s, budget_s }]) => isBesideUs(name) && age_s !== null && age_s <= budget_s,
  );
  table["upstream.alive"] =
    0 < beside.length ? true : { unknown: "nothing else is known of the scans' source" };
  return table;
}

function dependenciesIn({ dependencies }: HealthReport): FactTable {
  const table: Record<string, Fact> = {};
  for (const [name, { state, says }] of Object.entries(dependencies)) {
    const fact = (value: Fact): Fact => (state === "unknown" ? { unknown: says } : value);
    const layer = LAYER.exec(name)?.[1];
    if (layer !== undefined) table[`worker.${segmentOf(layer)}.up`] = fact(state === "ok");
    else if (name === "clock") {
      table["clock.off"] = fact(state !== "ok");
      table["clock.why"] = says;
    } else {
      table[`${segmentOf(name)}.up`] = fact(state === "ok");
      table[`${segmentOf(name)}.state`] = fact(state);
    }
  }
  return table;
}

function countersIn({ counters, subsystem_health }: HealthReport): FactTable {
  const table: Record<string, Fact> = {};
  for (const [service, ofService] of Object.entries(counters)) {
    for (const [name, value] of Object.entries(ofService)) {
      if (value !== null) table[`service.${segmentOf(service)}.${segmentOf(name)}`] = value;
    }
    // The number of assets in the last scan.
    const assets = ofService["asset_count"];
    if (typeof assets === "number") table[`service.${segmentOf(service)}.assets`] = assets;
  }
  for (const [service, score] of Object.entries(subsystem_health.processes)) {
    table[`service.${segmentOf(service)}.score`] =
      score === null ? { unknown: `nobody could look at ${service}` } : score;
  }
  return table;
}
