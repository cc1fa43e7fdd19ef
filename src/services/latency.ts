/** Percentiles in milliseconds over the last thousand samples. */

export type LatencySummary = { readonly p50: number | null; readonly p99: number | null };
export type Latency = { add(ms: number): void; summary(): LatencySummary };

const SAMPLES_MAX = 1_000;

export function createLatency(): Latency {
  const samples = new Float64Array(SAMPLES_MAX);
  let count = 0;
  return {
    add(ms) {
      samples[count % SAMPLES_MAX] = ms;
      count += 1;
    },
    summary() {
      const used = samples.slice(0, Math.min(count, SAMPLES_MAX)).toSorted();
      const at = (share: number) => {
        const ms = used[Math.min(used.length - 1, Math.floor(used.length * share))] ?? null;
        return ms === null ? null : Math.round(ms * 1_000) / 1_000;
      };
      return { p50: at(0.5), p99: at(0.99) };
    },
  };
}
