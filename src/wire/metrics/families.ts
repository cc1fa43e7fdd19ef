/** Builds families of metrics, one line of code each. */
import type { Metric, Sample } from "./exposition.ts";

export function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: "gauge", help, samples };
}

export function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: "counter", help, samples };
}

export function single(name: string, help: string, value: number | null | undefined): Metric {
  return gauge(name, help, sampleOf({}, value ?? null));
}

/** No sample where the value is not known. */
export function sampleOf(labels: Sample["labels"], value: number | null): readonly Sample[] {
  return value === null || !Number.isFinite(value) ? [] : [{ labels, value }];
}
