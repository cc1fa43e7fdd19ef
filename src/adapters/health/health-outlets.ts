/**
 * The destinations of a report: `meta_health.json`, `logs/meta_health.log`, DOLPHIN_META_HEALTH. Invariant: none of
 * them can block or end the caller; failed writes are counted.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../files/replace-file.ts";
import { WELL } from "../../domain/health/health-word.ts";
import { MS_PER_MINUTE } from "../../domain/time.ts";
import {
  type HealthReport,
  META_HEALTH_KEY,
  META_HEALTH_MAP,
  parseHealthReport,
} from "../../wire/health/health-report.ts";
import { monotonicMs } from "../clock.ts";
import type { Logger } from "../logger.ts";

export type HealthOutlets = {
  tell(report: HealthReport): void;
  /** Number of failed writes so far. */
  failed(): number;
};

const FILE = "meta_health.json";
const FILE_BYTES_MAX = 4_194_304;
/** The clocks of a file system and a process may differ slightly. */
const AHEAD_MS_MAX = 5_000;

export function openHealthOutlets(to: {
  readonly dataDir: string;
  readonly log: Pick<Logger, "info" | "warn">;
  put(map: string, key: string, text: string): Promise<void>;
}): HealthOutlets {
  let failed = 0;
  let written: string | null = null;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  const write = (text: string): void => {
    try {
      replaceFile(join(to.dataDir, FILE), `${text}\n`);
    } catch {
      failed += 1;
    }
  };
  return {
    tell(report) {
      const text = JSON.stringify(report);
      write(text);
      // The next report follows in seconds.
      to.put(META_HEALTH_MAP, META_HEALTH_KEY, text).catch(() => (failed += 1));
      const now = `${report.status} ${report.roots.map(({ id }) => id).join(" ")}`.trim();
      const isNew = now !== written;
      if (!isNew && monotonicMs() - writtenAtMs < MS_PER_MINUTE) return;
      const before = written === null || !isNew ? "" : `${written} -> `;
      const line = [`[Health] ${before}${now}`, ...(isNew ? report.causes : [])].join("; ");
      to.log[isNew && report.status !== WELL ? "warn" : "info"](figuresOf(report), line);
      written = now;
      writtenAtMs = monotonicMs();
    },
    failed: () => failed,
  };
}

/** The last report on this data directory, with its age; null where there is none. */
export function readHealthReport(
  dataDir: string,
  nowMs: number,
): { readonly report: HealthReport; readonly ageMs: number } | null {
  try {
    const file = join(dataDir, FILE);
    const { mtimeMs, size } = statSync(file);
    if (FILE_BYTES_MAX < size) return null;
    const report = parseHealthReport(readFileSync(file, "utf8"));
    return report === null ? null : { report, ageMs: ageOf(mtimeMs, nowMs) };
  } catch {
    return null;
  }
}

/** A time in the future means that the clock was set back since: the age is at least the difference. */
function ageOf(atMs: number, nowMs: number): number {
  const ageMs = nowMs - atMs;
  return ageMs < -AHEAD_MS_MAX ? -ageMs : Math.max(0, ageMs);
}

function figuresOf(report: HealthReport) {
  const { rm_meta, m1_proc, m2_heartbeat, m3_data_freshness, m4_control_plane, m5_coherence } =
    report;
  return { rm_meta, m1_proc, m2_heartbeat, m3_data_freshness, m4_control_plane, m5_coherence };
}
