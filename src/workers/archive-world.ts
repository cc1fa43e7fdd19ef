/** The dependencies of the archive's activities: the archive, and the bridge's journal. */
import type { ArchiveWorld } from "../activities/archive.ts";
import type { IngestWorld } from "../activities/ingest-scans.ts";
import { finishedDaysToCompact } from "../operations/compaction/days-to-compact.ts";
import { wallMs } from "../adapters/clock.ts";
import { auditInProcess } from "../adapters/scan-journal/audit-process.ts";
import { openSeqLookup } from "../adapters/scan-journal/seq-lookup.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import type { Config } from "../config.ts";

/** In a process with the services' environment, so that it uses their archive. */
export function ingestWorld(env: NodeJS.ProcessEnv): IngestWorld {
  return { auditDay: (day, how) => auditInProcess({ day, env, ...how }) };
}

export function archiveWorld(config: Config, temporal: TemporalClient): ArchiveWorld {
  return {
    daysToCompact: () => finishedDaysToCompact(config.archive, wallMs()),
    async compactDay(day, options) {
      // Loaded on demand: it runs once a night, and apache-arrow takes 10 MB.
      const { compactDay } = await import("../operations/compaction/compact-day.ts");
      const lookup = openSeqLookup(config.data_dir);
      try {
        return await compactDay(config.archive, day, {
          ...options,
          seqs: lookup.seqs,
          nowMs: wallMs,
        });
      } finally {
        lookup.close();
      }
    },
    hasSearchAttributes: () => hasSearchAttributes(temporal),
  };
}
