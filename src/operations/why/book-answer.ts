/** A question about a book at a time, and its answer. */
import { listSegmentDays } from "../../adapters/event-log/segments/segment-files.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import { explainDecision, type Explanation } from "../../domain/trading/why/explain-decision.ts";
import type { Origins } from "../../domain/trading/why/origins.ts";
import type { Configuration } from "../../wire/configuration.ts";
import type { When } from "./find-event.ts";

export type BookQuestion = {
  readonly dataDir: string;
  readonly configuration: Pick<Configuration, "trader" | "green">;
  readonly when: When;
  /** Whether the posture's start is asked for: finding it may need an earlier part of the log. */
  readonly isPostureAsked?: boolean;
};

export type ExplainedBook = {
  /** The explanation of the last event until then that asked for a decision; null: there was none. */
  readonly decided: Explanation | null;
  /** What would refuse any entry after the last event until then. */
  readonly standing: Explanation;
  readonly posture: StandingPosture;
  readonly read: {
    readonly folder: string;
    /** The state from which the fold started, in words. */
    readonly from: string;
    readonly fromIndex: number;
    readonly toIndex: number;
  };
  /**
   * Whether the fold decided as the trader recorded: `other` where other code ran, `unknown` where there is no
   * digest, or not yet.
   */
  readonly recorded: "same" | "other" | "unknown";
};

export type StandingPosture = {
  readonly value: string;
  readonly asOfMs: number;
  readonly ageMs: number;
  /** When the log recorded the change to it; null: before the part that was read. */
  readonly since: { readonly atMs: number } | null;
  /** Its last source; empty: none in the part that was read. */
  readonly source: string;
};

/** A sentence where it can't be explained. */
export type BookAnswer = ExplainedBook | string;

export function nothingOf(folder: string, when: When): string {
  const days = listSegmentDays(folder);
  if (days.length === 0) return `${folder} has no log yet: no trader of the book has run here`;
  const kept = `the log has ${days[0]} to ${days.at(-1)}`;
  if (when.kind === "seq") return `there is no scan with seq ${when.seq} in the log: ${kept}`;
  return `the log has nothing of that time: ${kept}`;
}

/** What would refuse any entry after this event. */
export function standingAt(trader: Trader, event: TraderEvent, origins: Origins): Explanation {
  const { index, nowMs } = event;
  return explainDecision(trader, { kind: "tick", index, nowMs }, origins);
}

export function standingPostureOf({ data }: Trader, origins: Origins): StandingPosture {
  const { value, asOfMs } = data.posture;
  return {
    value,
    asOfMs,
    ageMs: data.nowMs - asOfMs,
    since: origins.posture,
    source: origins.source,
  };
}
