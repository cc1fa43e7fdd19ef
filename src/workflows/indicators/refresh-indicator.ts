/** One reading of one indicator: its outcome is the result, and the reason of a failure is the failure's type. */
import {
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import { ActivityFailure } from "@temporalio/common";
import type { IndicatorActivities } from "../../activities/indicators.ts";
import { invalidInput, openInput, text } from "../input.ts";
import type { IndicatorResult } from "../messages/indicators.ts";
import { LAYER, STATUS } from "../publisher.ts";

const { readIndicator } = proxyActivities<IndicatorActivities>({
  startToCloseTimeout: "2 minutes",
  // The schedule starts the next run: this one must not outlast many of them.
  scheduleToCloseTimeout: "10 minutes",
  retry: { initialInterval: "2 seconds", maximumInterval: "1 minute", maximumAttempts: 5 },
});

export async function refreshIndicator(raw?: unknown): Promise<IndicatorResult> {
  const name = openInput(raw, ["name"])("name", text) ?? nameFrom(workflowInfo().workflowId);
  setCurrentDetails(`Reading **${name}**.`);
  const { result, hasSearchAttributes } = await readOrFail(name);
  setCurrentDetails(tableOf(result));
  if (hasSearchAttributes) {
    upsertSearchAttributes([
      { key: LAYER, value: "indicators" },
      { key: STATUS, value: result.problems.length === 0 ? "Done" : "Partial" },
    ]);
  }
  return result;
}

async function readOrFail(name: string): ReturnType<IndicatorActivities["readIndicator"]> {
  try {
    return await readIndicator(name);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    const type = cause instanceof ApplicationFailure ? cause.type : null;
    setCurrentDetails(`**${type ?? "failed"}**: ${cause?.message ?? error.message}`);
    throw ApplicationFailure.nonRetryable(cause?.message ?? error.message, type ?? "ReadingFailed");
  }
}

function nameFrom(workflowId: string): string {
  const name = /^indicator-([a-z][a-z0-9_]*)$/.exec(workflowId)?.[1];
  if (name !== undefined) return name;
  throw invalidInput(
    `field 'name' is missing, and workflow id '${workflowId}' does not name an indicator ` +
      "(it would be 'indicator-<name>')",
  );
}

function tableOf({ values, problems }: IndicatorResult): string {
  const rows = values.map(
    (one) => `| ${one.label} | ${one.value} | ${one.unit} | ${one.as_of} | ${one.outcome} |`,
  );
  const lines = problems.map(({ symbol, why, detail }) => `- ${symbol}: **${why}**, ${detail}`);
  return ["| | value | unit | as of | |", "|---|---|---|---|---|", ...rows, "", ...lines].join(
    "\n",
  );
}
