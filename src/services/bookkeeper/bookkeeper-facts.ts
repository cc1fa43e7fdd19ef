/** The bookkeeper's facts for the verdict. */
import type { OutboxesState } from "../../operations/session/outboxes.ts";
import type { DependencyState } from "../../domain/supervision/ties.ts";
import type { WorkFacts } from "../../domain/supervision/verdict.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { alertOf } from "../../wire/facts/bridge-facts.ts";

export type BookkeeperStanding = {
  /** The maintenance tasks that fail now, each with its reason. */
  readonly troubles: ReadonlyMap<string, string>;
  /** Whether a copy in Postgres is configured. */
  readonly isCopied: boolean;
  readonly outboxes: OutboxesState;
  /** Time since the projection was level with the log; null: never yet. */
  readonly levelAgeMs: number | null;
};

/** The name of this task in the maintenance. */
const COPY = "copy in Postgres";
const LEVEL_BUDGET_S = 60;

export function bookkeeperFacts(of: BookkeeperStanding): WorkFacts {
  const { troubles, isCopied, outboxes: telling, levelAgeMs } = of;
  const postgres: DependencyState = troubles.has(COPY) ? "error" : "ok";
  const temporal: DependencyState = telling.kind === "temporal_away" ? "down" : "ok";
  return {
    dependencies: {
      ...(telling.kind === "idle" ? {} : { temporal }),
      ...(isCopied ? { postgres } : {}),
    },
    inputs: [
      {
        name: "projection",
        ageS: levelAgeMs === null ? null : levelAgeMs / MS_PER_SECOND,
        budgetS: LEVEL_BUDGET_S,
      },
    ],
    queue: null,
    notes: [
      ...[...troubles].map(([what, why]) =>
        alertOf(what === COPY ? "postgres" : "projection", `${what}: ${why}`),
      ),
      ...(telling.kind === "trouble" ? [alertOf("trades", `trades wait: ${telling.why}`)] : []),
    ],
  };
}
