/** Backtests and sweeps in progress in Temporal: how far each is, and the remaining time. */
import type { Client } from "@temporalio/client";
import { defaultPayloadConverter } from "@temporalio/common";
import { z } from "zod";
import { wallMs } from "../../adapters/clock.ts";
import { BACKTEST, BACKTEST_SWEEP } from "../../workflows/names.ts";
import { progressQuery } from "../../workflows/messages/backtest.ts";

export type RunningRun = {
  readonly workflowId: string;
  readonly runId: string;
  readonly kind: "run" | "sweep";
  readonly startedMs: number;
  /** From 0 to 1; null: not known yet. */
  readonly share: number | null;
  /** In words. */
  readonly progress: string;
  readonly secondsLeft: number | null;
};

const RUNS_MAX = 20;
const DEADLINE_MS = 1_500;
const QUERY = `ExecutionStatus = 'Running' AND WorkflowType IN ('${BACKTEST}', '${BACKTEST_SWEEP}')`;

/** The heartbeat details of the activity. */
const Beat = z.object({
  scans: z.number(),
  scans_total: z.number().optional(),
  scans_per_s: z.number().optional(),
  seconds_left: z.number().nullable().optional(),
});

/** @throws {Error} when Temporal does not answer. */
export async function readRunning(client: Client): Promise<readonly RunningRun[]> {
  return client.withDeadline(wallMs() + DEADLINE_MS, async () => {
    const found: { workflowId: string; runId: string; type: string; startTime: Date }[] = [];
    for await (const one of client.workflow.list({ query: QUERY, pageSize: RUNS_MAX })) {
      found.push(one);
      if (RUNS_MAX <= found.length) break;
    }
    return Promise.all(
      found.map(async ({ workflowId, runId, type, startTime }) => {
        const about = { workflowId, runId, startedMs: startTime.getTime() };
        // A busy or missing worker answers no query: the run is shown without it.
        const progress =
          type === BACKTEST_SWEEP
            ? await sweepProgress(client, workflowId).catch(() => NO_PROGRESS)
            : await runProgress(client, workflowId).catch(() => NO_PROGRESS);
        return { ...about, kind: type === BACKTEST_SWEEP ? "sweep" : "run", ...progress } as const;
      }),
    );
  });
}

type Progress = Pick<RunningRun, "share" | "progress" | "secondsLeft">;
const NO_PROGRESS: Progress = {
  share: null,
  progress: "no worker reports its progress",
  secondsLeft: null,
};

async function sweepProgress(client: Client, workflowId: string): Promise<Progress> {
  const answered = await client.workflow.getHandle(workflowId).query(progressQuery);
  const { chunks, chunks_total, trials, trials_total, seconds_left } = answered;
  return {
    share: chunks_total === 0 ? null : chunks / chunks_total,
    progress: chunks_total === 0 ? "being planned" : `${trials} of ${trials_total} sets`,
    secondsLeft: seconds_left,
  };
}

async function runProgress(client: Client, workflowId: string): Promise<Progress> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const [activity] = raw.pendingActivities ?? [];
  const payload = activity?.heartbeatDetails?.payloads?.[0];
  if (payload == null) return { ...NO_PROGRESS, progress: "waits for a worker of layer batch" };
  const { data } = Beat.safeParse(defaultPayloadConverter.fromPayload(payload));
  if (data === undefined) return NO_PROGRESS;
  const { scans, scans_total = 0, seconds_left = null } = data;
  return {
    share: 0 < scans_total ? Math.min(1, scans / scans_total) : null,
    progress: 0 < scans_total ? `${scans} of ${scans_total} scans` : "reads the archive",
    secondsLeft: seconds_left,
  };
}
