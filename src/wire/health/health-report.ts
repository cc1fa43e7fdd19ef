/**
 * The report of the health service: DOLPHIN_META_HEALTH `latest`, `meta_health.json` and `dolphin health
 * --json`. The first nine fields are the contract's; roots, symptoms and the sensors' facts are added beside
 * them.
 */
import { z } from "zod";
import type { Diagnosis } from "../../domain/health/diagnosis.ts";
import { HEALTH_WORDS } from "../../domain/health/health-word.ts";
import { type HealthSample, SENSOR_NAMES } from "../../domain/health/sample.ts";
import { isoFromMicros } from "../../domain/time.ts";

export const META_HEALTH_MAP = "DOLPHIN_META_HEALTH";
export const META_HEALTH_KEY = "latest";

const score = z.number().nullable();
const Remedy = z.union([
  z.object({ kind: z.literal("restart-service"), service: z.string() }),
  z.object({ kind: z.literal("restart-server"), server: z.literal("hazelcast") }),
  z.object({ kind: z.literal("none"), because: z.string() }),
]);
const Reading = z.object({
  score,
  parts: z.array(z.object({ subject: z.string(), score, says: z.string() })),
});

export const HealthReport = z.object({
  rm_meta: score,
  status: z.enum(HEALTH_WORDS),
  /** One sentence for each root cause. */
  causes: z.array(z.string()),
  m1_proc: score,
  m2_heartbeat: score,
  m3_data_freshness: score,
  m4_control_plane: score,
  m5_coherence: score,
  subsystem_health: z.object({
    processes: z.record(z.string(), score),
    data_sources: z.record(
      z.string(),
      z.object({ score, age_s: z.number().nullable(), budget_s: z.number() }),
    ),
  }),
  timestamp: z.string(),
  roots: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      subject: z.string(),
      owner: z.enum(["ours", "upstream", "operator"]),
      evidence: z.array(z.string()),
      remedy: Remedy,
    }),
  ),
  symptoms: z.array(z.object({ subject: z.string(), says: z.string(), of: z.string() })),
  sensors: z.record(z.enum(SENSOR_NAMES), Reading),
  /** The state of each dependency (`ok`, `down`, `hung`, `missing`, `error`, `unknown`) with a sentence. */
  dependencies: z.record(z.string(), z.object({ state: z.string(), says: z.string() })).default({}),
  /** The services' own counters, as last reported. */
  counters: z
    .record(z.string(), z.record(z.string(), z.union([z.number(), z.string(), z.null()])))
    .default({}),
});
export type HealthReport = z.infer<typeof HealthReport>;

export type ServiceCounters = Readonly<
  Record<string, Readonly<Record<string, number | string | null>>>
>;

export function healthReport(
  sample: HealthSample,
  diagnosis: Diagnosis,
  counters: ServiceCounters = {},
): HealthReport {
  const { sensors, feeds } = sample;
  const scores = Object.fromEntries(
    SENSOR_NAMES.map((name) => [name, rounded(sensors[name].score)]),
  );
  const scoreOf = (subject: string) =>
    sensors.m3_data_freshness.parts.find((part) => part.subject === subject)?.score ?? null;
  const mutable = JSON.stringify({
    rm_meta: rounded(diagnosis.rmMeta),
    status: diagnosis.word,
    causes: diagnosis.roots.map(causeText),
    ...scores,
    subsystem_health: {
      processes: Object.fromEntries(
        sensors.m1_proc.parts.map((part) => [part.subject, part.score]),
      ),
      data_sources: Object.fromEntries(
        feeds.map(({ name, ageS, budgetS }) => [
          name,
          { score: scoreOf(name), age_s: rounded(ageS), budget_s: budgetS },
        ]),
      ),
    },
    timestamp: isoFromMicros(sample.atUs),
    roots: diagnosis.roots,
    symptoms: diagnosis.symptoms,
    sensors,
    dependencies: Object.fromEntries(
      Object.entries(sample.dependencies).map(([name, state]) => [
        name,
        { state, says: sample.said[name] ?? name },
      ]),
    ),
    counters,
  });
  return HealthReport.parse(JSON.parse(mutable));
}

/** Null: the value is not a health report. */
export function parseHealthReport(text: string): HealthReport | null {
  try {
    return HealthReport.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** `hazelcast:hazelcast (ours): Hazelcast has not answered for 12 s`. */
function causeText({ id, owner, evidence }: Diagnosis["roots"][number]): string {
  return `${id} (${owner}): ${evidence[0] ?? ""}`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000) / 1_000;
}
