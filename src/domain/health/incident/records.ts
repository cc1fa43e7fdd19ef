/**
 * Converts recorded samples into the transitions that metaHealth would have received: each change of the diagnosis,
 * by two dependency graphs at once.
 */
import { MS_PER_MINUTE, MS_PER_SECOND, US_PER_MS } from "../../time.ts";
import { diagnose, type Diagnosis } from "../diagnose.ts";
import type { HealthGraph } from "../graph.ts";
import { WELL } from "../health-word.ts";
import { transitionKey } from "../recovery.ts";
import type { HealthSample } from "../sample.ts";
import type { RecordedHealth } from "./replay.ts";

export type Both<T> = { readonly now: T; readonly next: T };

export type OtherDiagnosis = { readonly atMs: number } & Both<{
  readonly word: string;
  readonly roots: readonly string[];
}>;

export type HeardOf = {
  readonly records: Both<readonly RecordedHealth[]>;
  readonly samples: number;
  /** Null where nothing is recorded. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  /** Number of gaps in the recording, in which nothing is assumed to be at fault. */
  readonly gaps: number;
  readonly gapsMs: number;
  /** Samples for which the two graphs give different diagnoses. */
  readonly others: number;
  /** The first of each run of such samples. */
  readonly otherwise: readonly OtherDiagnosis[];
};

/** Summaries are written each minute, and one may be late. */
const GAP_MS = 3 * MS_PER_MINUTE;
const SAMPLE_MS = 5 * MS_PER_SECOND;
const OTHERWISE_MAX = 20;

/** Samples ascend by time. */
export function hearOf(samples: Iterable<HealthSample>, graphs: Both<HealthGraph>): HeardOf {
  const isSame = JSON.stringify(graphs.now) === JSON.stringify(graphs.next);
  const now = createTransitions();
  const next = createTransitions();
  const otherwise: OtherDiagnosis[] = [];
  let [count, gaps, gapsMs, others] = [0, 0, 0, 0];
  let fromMs: number | null = null;
  let lastMs: number | null = null;
  let lastKey = "";
  for (const sample of samples) {
    const atMs = sample.atUs / US_PER_MS;
    if (lastMs !== null && GAP_MS < atMs - lastMs) {
      gaps += 1;
      gapsMs += atMs - lastMs;
      now.quiet(lastMs + SAMPLE_MS);
      next.quiet(lastMs + SAMPLE_MS);
    }
    fromMs ??= atMs;
    lastMs = atMs;
    count += 1;
    const services = sample.services.filter(({ isWanted }) => isWanted).map(({ name }) => name);
    const byNow = diagnose(sample, graphs.now);
    const byNext = isSame ? byNow : diagnose(sample, graphs.next);
    now.take({ atMs, diagnosis: byNow, services });
    next.take({ atMs, diagnosis: byNext, services });
    const other = isSame ? null : otherOf(atMs, { now: byNow, next: byNext });
    const key = other === null ? "" : JSON.stringify([other.now, other.next]);
    if (other !== null) {
      others += 1;
      if (key !== lastKey && otherwise.length < OTHERWISE_MAX) otherwise.push(other);
    }
    lastKey = key;
  }
  const records = { now: now.all(), next: next.all() };
  return { records, samples: count, fromMs, untilMs: lastMs, gaps, gapsMs, others, otherwise };
}

/** Null where both are equal. */
function otherOf(atMs: number, { now, next }: Both<Diagnosis>): OtherDiagnosis | null {
  const isSame = now.word === next.word && transitionKey(now) === transitionKey(next);
  return isSame ? null : { atMs, now: shortly(now), next: shortly(next) };
}

function shortly({ word, roots }: Diagnosis) {
  return { word, roots: roots.map(({ id }) => id) };
}

/** Keeps the records with a change and the last record: until then the diagnosis did not change. */
function createTransitions() {
  const kept: RecordedHealth[] = [];
  let key: string | null = null;
  let last: RecordedHealth | null = null;
  const take = (record: RecordedHealth): void => {
    const found = transitionKey(record.diagnosis);
    if (found !== key) kept.push(record);
    key = found;
    last = record;
  };
  return {
    take,
    quiet(atMs: number): void {
      const diagnosis: Diagnosis = { roots: [], symptoms: [], word: WELL, rmMeta: null };
      take({ atMs, diagnosis, services: [] });
    },
    all: (): readonly RecordedHealth[] =>
      last === null || kept.at(-1) === last ? kept : [...kept, last],
  };
}
