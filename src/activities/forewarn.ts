/**
 * The activities of the forewarner. A second attempt makes another forecast for the same time, of which only one is
 * judged later; pushing is idempotent.
 */
import { Context, heartbeat } from "@temporalio/activity";
import type { ForewarnRecord } from "../wire/forewarn/forewarn-record.ts";
import type { ForewarnInput, ForewarnResult } from "../workflows/messages/forewarn.ts";

export type ForecastAsked = Required<ForewarnInput>;

export type ForewarnWorld = {
  /** Also stores it. */
  readonly make: (asked: ForecastAsked, signal: AbortSignal) => Promise<ForewarnRecord>;
  /** False if a newer one is stored. */
  readonly push: (text: string) => Promise<boolean>;
  readonly hasSearchAttributes: () => Promise<boolean>;
};

type Made = {
  readonly made: Omit<ForewarnResult, "pushed">;
  /** The whole forecast. */
  readonly text: string;
  readonly hasSearchAttributes: boolean;
};

export function createForewarnActivities(world: ForewarnWorld) {
  return {
    async makeForecast(asked: ForecastAsked): Promise<Made> {
      const { cancellationSignal } = Context.current();
      const beats = setInterval(() => heartbeat(), BEAT_EVERY_MS);
      try {
        const record = await world.make(asked, cancellationSignal);
        return {
          made: resultOf(record),
          text: JSON.stringify(record),
          hasSearchAttributes: await world.hasSearchAttributes(),
        };
      } catch (error) {
        // The SDK's own reason ends the activity as cancelled.
        throw cancellationSignal.aborted ? cancellationSignal.reason : error;
      } finally {
        clearInterval(beats);
      }
    },

    async pushForecast(text: string): Promise<{ readonly pushed: boolean }> {
      return { pushed: await world.push(text) };
    },
  };
}

export type ForewarnActivities = ReturnType<typeof createForewarnActivities>;

const BEAT_EVERY_MS = 5_000;

function resultOf(record: ForewarnRecord): Made["made"] {
  const { book, as_of, horizon_end, verdict, reason, weight, breach, calibration } = record;
  const { outcomes } = calibration;
  return {
    book,
    as_of,
    horizon_end,
    verdict,
    reason,
    weight,
    breach: breach?.either ?? null,
    outcomes,
  };
}
