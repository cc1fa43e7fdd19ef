/**
 * The activities of the archive: which days need compaction, and the compaction of one. Idempotent by day: a second
 * attempt finds the file of the first, or writes it again.
 */
import { Context, heartbeat } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { CompactOptions, CompactOutcome } from "../operations/compaction/compact-day.ts";

export type ArchiveWorld = {
  readonly daysToCompact: () => readonly string[];
  readonly compactDay: (
    day: string,
    options: Pick<CompactOptions, "onProgress" | "onProblem" | "signal">,
  ) => Promise<CompactOutcome>;
  readonly hasSearchAttributes: () => Promise<boolean>;
};

/** More in one run would make a history that is too long to pass on. */
const DAYS_MAX = 5_000;

export function createArchiveActivities(world: ArchiveWorld) {
  return {
    /** The requested days, or those that need compaction, oldest first. */
    async describeCompaction(
      asked: readonly string[] | null,
    ): Promise<{ readonly days: readonly string[]; readonly hasSearchAttributes: boolean }> {
      const days = asked ?? world.daysToCompact();
      return {
        days: days.slice(0, DAYS_MAX),
        hasSearchAttributes: await world.hasSearchAttributes(),
      };
    },

    async compactArchiveDay(
      day: string,
    ): Promise<{ readonly kind: CompactOutcome["kind"]; rows: number; detail: string }> {
      const { cancellationSignal, log } = Context.current();
      const outcome = await world
        .compactDay(day, {
          onProgress: (progress) => heartbeat(progress),
          onProblem: (problem) => log.warn(problem),
          signal: cancellationSignal,
        })
        .catch((error: unknown) => {
          // The SDK's own reason ends the activity as cancelled.
          throw cancellationSignal.aborted ? cancellationSignal.reason : error;
        });
      if (outcome.kind === "different") {
        throw ApplicationFailure.retryable(`${outcome.file}: ${outcome.detail}`, "Different");
      }
      const rows = outcome.kind === "empty" ? 0 : outcome.rows;
      return { kind: outcome.kind, rows, detail: "" };
    },
  };
}

export type ArchiveActivities = ReturnType<typeof createArchiveActivities>;
