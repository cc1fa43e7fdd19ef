/**
 * One life of a service's process, as a workflow: it runs the activity that holds the process, ends with it, and
 * returns the record of that life.
 */
import {
  ActivityCancellationType,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import { ActivityFailure, CancelledFailure } from "@temporalio/common";
import { isoFromMs } from "../../domain/time.ts";
import type { RunServiceInput } from "../../activities/supervision-world.ts";
import type { SupervisionActivities } from "../../activities/supervision.ts";
import type { RunResult } from "../../wire/supervision.ts";
import {
  DECLARATION,
  integerFrom,
  MODE,
  openInput,
  serviceFrom,
  text,
  times,
  yesOrNo,
} from "../input.ts";
import { adoptRunSignal, endedSignal, endRunSignal } from "../messages/supervision.ts";
import { RUN_ID_PREFIX, supervisorIdOf } from "../names.ts";
import { STATUS } from "../publisher.ts";

export async function serviceRun(raw?: unknown): Promise<RunResult> {
  const input = readRunInput(raw, workflowInfo().workflowId);
  const life = new CancellationScope();
  let isEndAsked = false;
  // The server reports the close to the supervisor that started the run; an additional signal would cost a restart 50
  // ms.
  let isAdopted = workflowInfo().parent === undefined;
  setHandler(
    adoptRunSignal,
    () => {
      isAdopted = true;
    },
    { description: "From a supervisor that did not start this run: tell me when it ends" },
  );
  setHandler(
    endRunSignal,
    () => {
      isEndAsked = true;
      life.cancel();
    },
    { description: "Stops the process (SIGTERM, then SIGKILL) and completes with its record" },
  );
  setCurrentDetails(
    `Holds the process of **${input.service}** (life ${input.life}). Its live facts are the ` +
      "heartbeat details of the activity `process`; its result is the record of how it ended.",
  );
  try {
    const record = await life.run(() => holdProcess(input));
    noteEnd(record);
    if (isAdopted) await tellSupervisor(record);
    return record;
  } catch (error) {
    if (!life.consideredCancelled) throw error;
    const record = await CancellationScope.nonCancellable(async () => {
      const found = recordIn(error) ?? (await endUnkept(input));
      noteEnd(found);
      await tellSupervisor(found);
      return found;
    });
    if (isEndAsked) return record;
    // Cancelled from outside: it closes as cancelled, but still records how the life ended.
    upsertMemo({ record });
    throw error;
  }
}

function readRunInput(raw: unknown, workflowId: string): RunServiceInput {
  const read = openInput(raw, [
    "service",
    "life",
    "restart_times",
    "is_restart",
    "mode",
    "declared",
  ]);
  return {
    service: read("service", text) ?? serviceFrom(workflowId, RUN_ID_PREFIX),
    life: read("life", integerFrom(1)) ?? 1,
    restart_times: read("restart_times", times) ?? [],
    is_restart: read("is_restart", yesOrNo) ?? false,
    mode: read("mode", MODE) ?? "auto",
    declared: read("declared", DECLARATION) ?? null,
  };
}

function holdProcess(input: RunServiceInput): Promise<RunResult> {
  const { runServiceProcess } = proxyActivities<SupervisionActivities>({
    activityId: "process",
    summary: `${input.service} life ${input.life}`,
    startToCloseTimeout: "3650 days",
    heartbeatTimeout: "5 seconds",
    retry: { initialInterval: "500 milliseconds", backoffCoefficient: 1 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  return runServiceProcess(input);
}

/** The run was asked to end while no attempt held its process: between two attempts, or before the first. */
async function endUnkept(input: RunServiceInput): Promise<RunResult> {
  const { endLeftProcess } = proxyActivities<SupervisionActivities>({
    scheduleToStartTimeout: "30 seconds",
    startToCloseTimeout: "2 minutes",
    retry: { maximumAttempts: 1 },
    summary: "end what waits for adoption",
  });
  const record = await endLeftProcess(input.service).catch(() => null);
  return record ?? recordWithoutProcess(input, isoFromMs(Date.now()));
}

function recordWithoutProcess(input: RunServiceInput, at: string): RunResult {
  return {
    service: input.service,
    kind: "stopped",
    why: "told to end while no worker held its process",
    life: input.life,
    pid: null,
    exit_code: null,
    signal: null,
    started_at: null,
    at,
    uptime_s: null,
    counters: {},
    last_log: [],
    restart_times: [...input.restart_times],
    local_lives: [],
    unkillable_pids: [],
  };
}

/** Shows the end in the run's list row, where the server knows the attribute, which the supervisor has then set. */
function noteEnd(record: RunResult): void {
  const isKnown = workflowInfo().typedSearchAttributes.get(STATUS) !== undefined;
  if (isKnown) upsertSearchAttributes([{ key: STATUS, value: record.kind }]);
}

/** By workflow id without run id, so that it reaches the supervisor across its continue-as-new. */
async function tellSupervisor(result: RunResult): Promise<void> {
  const supervisor = getExternalWorkflowHandle(supervisorIdOf(result.service));
  try {
    await supervisor.signal(endedSignal, { run_id: workflowInfo().runId, result });
  } catch {
    // A run that was started by hand has no supervisor.
  }
}

/** A stopped activity returns the record of the life with its cancellation. */
function recordIn(error: unknown): RunResult | null {
  if (!isCancellation(error) || !(error instanceof ActivityFailure)) return null;
  if (!(error.cause instanceof CancelledFailure)) return null;
  const [record] = error.cause.details ?? [];
  return isRunResult(record) ? record : null;
}

function isRunResult(value: unknown): value is RunResult {
  return typeof value === "object" && value !== null && "kind" in value && "why" in value;
}
