/**
 * The activity behind `ingestScans`: compares a day's files with the journal, and asks the bridge, the only one that
 * pushes, for the missing ones. Idempotent: it writes nothing itself.
 */
import { Context, heartbeat } from "@temporalio/activity";
import type { AuditOfDay } from "../adapters/scan-journal/audit-process.ts";

export type IngestWorld = {
  readonly auditDay: (
    day: string,
    how: { readonly signal: AbortSignal; readonly onProgress: (line: string) => void },
  ) => Promise<AuditOfDay>;
};

const BEAT_EVERY_MS = 5_000;

export function createIngestActivities(world: IngestWorld) {
  return {
    async ingestDay(day: string): Promise<AuditOfDay> {
      const { cancellationSignal } = Context.current();
      let progress = "it begins";
      const beats = setInterval(() => heartbeat(progress), BEAT_EVERY_MS);
      try {
        return await world.auditDay(day, {
          signal: cancellationSignal,
          onProgress: (line) => {
            progress = line;
            heartbeat(line);
          },
        });
      } catch (error) {
        // The SDK's own reason ends the activity as cancelled.
        throw cancellationSignal.aborted ? cancellationSignal.reason : error;
      } finally {
        clearInterval(beats);
      }
    },
  };
}

export type IngestActivities = ReturnType<typeof createIngestActivities>;
