/**
 * Diagnoses a sample. Faults are searched along the dependency graph, upstream first: a fault that follows from one
 * already found is its symptom, one with evidence of its own is a root cause. Invariants: a root is never a symptom
 * of another; a service is restarted only on evidence about that very service; something that could not be observed
 * is not a fault.
 */
import type { Diagnosis, Root, Symptom } from "./diagnosis.ts";
import { feedFaults } from "./feed-faults.ts";
import { graverOf, healthWordOf, rmMetaOf } from "./health-word.ts";
import type { HealthGraph } from "./graph.ts";
import type { HealthSample } from "./sample.ts";
import { createFaults, type Faults, nothing, rootId } from "./faults.ts";
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
  const found = [...faults.roots.values()];
  const isStarved = faults.roots.has(rootId("processor", "processor"));
  const roots = isStarved ? found.map(withoutRestart) : found;
  const symptoms = [...faults.symptoms.values()];
  return {
    roots,
    symptoms,
    word: wordOf(faults, roots, symptoms),
    rmMeta: rmMetaOf(sample.sensors),
  };
}

/** On a machine with too much to do what is well is slow, too, and a start is more work. */
function withoutRestart(root: Root): Root {
  return root.remedy.kind === "none"
    ? root
    : { ...root, remedy: nothing("no restart while this machine has too much to do") };
}

/**
 * The word of the product of all sensors, except that missing data of an external source never makes it worse than
 * DEGRADED. It is never GREEN while there is a root cause.
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
