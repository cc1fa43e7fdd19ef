/**
 * Supervises one service and never ends: `run-<service>` is one life of its process, and this decides on the next.
 */
import {
  CancellationScope,
  isCancellation,
  makeContinueAsNewFunc,
  workflowInfo,
} from "@temporalio/workflow";
import {
  initialSupervisor,
  type SupervisorState,
} from "../../domain/supervision/supervisor/supervisor-state.ts";
import { DECLARATION, integerFrom, MODE, oneOf, openInput, serviceFrom, text } from "../input.ts";
import { carriedWith, heedCancel, isRollDue } from "../roll-over.ts";
import type { SuperviseServiceInput } from "../messages/supervision.ts";
import { SUPERVISOR_ID_PREFIX } from "../names.ts";
import { Supervisor } from "./supervisor.ts";

export async function superviseService(raw?: unknown): Promise<never> {
  const input = readSuperviseInput(raw, workflowInfo().workflowId);
  const state = input.carried ?? initialSupervisor(input.intent, input.mode, input.declared);
  const supervisor = new Supervisor(input.service, state);
  try {
    await supervisor.learn();
    while (!isRollDue(input.historyMax) || !supervisor.isQuiet()) await supervisor.step();
    heedCancel();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // Cancelling the supervisor means that the service should stop, too.
    await CancellationScope.nonCancellable(() => supervisor.windUp());
    throw error;
  }
  const { service, historyMax } = input;
  const continueAsNew = makeContinueAsNewFunc<(next: SuperviseServiceInput) => Promise<never>>();
  return continueAsNew({
    service,
    ...(historyMax === undefined ? {} : { history_max: historyMax }),
    carried: supervisor.state,
  });
}

function readSuperviseInput(raw: unknown, workflowId: string) {
  const read = openInput(raw, ["service", "intent", "mode", "declared", "history_max", "carried"]);
  return {
    service: read("service", text) ?? serviceFrom(workflowId, SUPERVISOR_ID_PREFIX),
    intent: read("intent", oneOf("running", "stopped")) ?? "running",
    mode: read("mode", MODE) ?? "auto",
    declared: read("declared", DECLARATION) ?? null,
    historyMax: read("history_max", integerFrom(20)),
    carried: read("carried", CARRIED),
  };
}

const CARRIED = carriedWith<SupervisorState>("intent", "step");
