/** Reads the status at a steady pace and keeps the last ten minutes, so that a page that opens late sees them too. */
import type { StatusReader } from "../adapters/status/open-status.ts";
import type { SystemStatus } from "../wire/system-status.ts";

export type Sample = {
  readonly at: string;
  readonly status: SystemStatus["status"];
  readonly scans_per_min: number | null;
  readonly newest_data_age_s: number | null;
};

const SAMPLE_EVERY_MS = 5_000;
const SAMPLES_MAX = 120;
/** However many pages are open, the servers are asked once a second. */
const FRESH_MS = 1_000;

export function keepHistory(reader: StatusReader) {
  const samples: Sample[] = [];
  let reading: Promise<SystemStatus> | null = null;
  let readAtMs = Number.NEGATIVE_INFINITY;

  function latest(): Promise<SystemStatus> {
    const nowMs = performance.now();
    if (reading === null || FRESH_MS <= nowMs - readAtMs) {
      reading = reader.read();
      readAtMs = nowMs;
    }
    return reading;
  }
  async function sample(): Promise<void> {
    try {
      samples.push(sampleOf(await latest()));
    } catch {
      // The page that asks for the status is told why.
    }
    if (SAMPLES_MAX < samples.length) samples.shift();
  }
  void sample();
  const timer = setInterval(() => void sample(), SAMPLE_EVERY_MS);
  timer.unref();
  return { latest, samples: () => samples, stop: () => clearInterval(timer) };
}

function sampleOf({ checked_at, status, services }: SystemStatus): Sample {
  const bridge = services.find((service) => service.service === "scan-bridge");
  const perMinute = bridge?.counters["scans_per_min"];
  return {
    at: checked_at,
    status,
    scans_per_min: typeof perMinute === "number" ? perMinute : null,
    newest_data_age_s: bridge?.newest_data_age_s ?? null,
  };
}
