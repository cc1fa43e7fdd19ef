/**
 * The activity that reads an indicator. Idempotent: a second attempt stores the same reading, and pushes it again.
 */
import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { RefreshProblem } from "../operations/indicators/refresh-problem.ts";
import type { IndicatorResult } from "../workflows/messages/indicators.ts";

export type IndicatorWorld = {
  /** @throws {RefreshProblem} */
  readonly refresh: (name: string, signal: AbortSignal) => Promise<IndicatorResult>;
  readonly hasSearchAttributes: () => Promise<boolean>;
};

/** A longer wait is left to the next run of the schedule. */
const WAIT_MS_MAX = 300_000;

export function createIndicatorActivities(world: IndicatorWorld) {
  return {
    async readIndicator(
      name: string,
    ): Promise<{ readonly result: IndicatorResult; readonly hasSearchAttributes: boolean }> {
      const { cancellationSignal } = Context.current();
      const result = await world.refresh(name, cancellationSignal).catch((error: unknown) => {
        if (cancellationSignal.aborted) throw cancellationSignal.reason;
        throw isProblem(error) ? failureOf(error) : error;
      });
      return { result, hasSearchAttributes: await world.hasSearchAttributes() };
    },
  };
}

export type IndicatorActivities = ReturnType<typeof createIndicatorActivities>;

function isProblem(error: unknown): error is RefreshProblem {
  return error instanceof Error && error.name === "RefreshProblem";
}

function failureOf({ why, message, waitMs, isFinal }: RefreshProblem): ApplicationFailure {
  return ApplicationFailure.create({
    type: why,
    message,
    nonRetryable: isFinal || WAIT_MS_MAX < (waitMs ?? 0),
    ...(waitMs === null ? {} : { nextRetryDelay: Math.ceil(waitMs) }),
  });
}
