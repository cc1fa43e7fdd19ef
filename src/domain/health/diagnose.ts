/**
 * From what was seen to its causes. Faults are looked for along the graph, from upstream on: what follows from
 * a fault that is already found is its symptom, what has evidence of its own is a root.
 * Invariants: a root is no symptom of another; a service is to be restarted only on evidence about that very
 * service; what nobody could look at is no fault.
 */
import type { Diagnosis, Root, Symptom } from "./diagnosis.ts";
import { feedFaults } from "./feed-faults.ts";
import { graverOf, healthWordOf, rmMetaOf } from "./health-word.ts";
import type { HealthGraph } from "./graph.ts";
import type { HealthSample } from "./sample.ts";
import { createFaults, type Faults } from "./faults.ts";
import { readingOf } from "./sensors/reading.ts";
import { serverFaults, valueFaults } from "./server-faults.ts";
import { serviceFaults } from "./service-faults.ts";

export type * from "./diagnosis.ts";

export function diagnose(sample: HealthSample, graph: HealthGraph): Diagnosis {
  const faults = createFaults(sample, graph);
  serverFaults(faults);
  serviceFaults(faults);
  feedFaults(faults);
  valueFaults(faults);
  const roots = [...faults.roots.values()];
  const symptoms = [...faults.symptoms.values()];
  return {
    roots,
    symptoms,
    word: wordOf(faults, roots, symptoms),
    rmMeta: rmMetaOf(sample.sensors),
  };
}

/**
 * That of the sensors' product, without the data that others keep from us: their silence never reads worse than
 * DEGRADED. Nor is anything GREEN that has a cause to be told.
 */
function wordOf(
  { sample }: Faults,
  roots: readonly Root[],
  symptoms: readonly Symptom[],
): Diagnosis["word"] {
  const others = new Set(roots.filter(({ owner }) => owner !== "ours").map(({ id }) => id));
  const excused = new Set(
    symptoms.filter(({ of }) => others.has(of)).map(({ subject }) => subject),
  );
  const { m3_data_freshness: data } = sample.sensors;
  const judged = rmMetaOf({
    ...sample.sensors,
    m3_data_freshness: readingOf(data.parts.filter(({ subject }) => !excused.has(subject))),
  });
  const word = healthWordOf(judged);
  return roots.length === 0 ? word : graverOf(word, "DEGRADED");
}
