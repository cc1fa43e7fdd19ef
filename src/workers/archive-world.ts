/** What the archive's activities need of this machine: the archive, and the bridge's journal. */
import type { ArchiveWorld } from "../activities/archive.ts";
import { compactDay } from "../adapters/archive/bulk/compact-day.ts";
import { finishedDaysToCompact } from "../adapters/archive/bulk/days-to-compact.ts";
import { wallMs } from "../adapters/clock.ts";
import { openSeqLookup } from "../adapters/journal/seq-lookup.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import type { Config } from "../config.ts";

export function archiveWorld(config: Config, temporal: TemporalClient): ArchiveWorld {
  return {
    daysToCompact: () => finishedDaysToCompact(config.archive, wallMs()),
    async compactDay(day, options) {
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
