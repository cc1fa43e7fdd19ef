/** Supervises one service for ever: `run-<service>` is one life of its process, this decides the next. */
import {
  CancellationScope,
  isCancellation,
  makeContinueAsNewFunc,
  workflowInfo,
} from "@temporalio/workflow";
import { integerFrom, MODE, oneOf, openInput, serviceFrom, text } from "./input.ts";
import type { SuperviseServiceInput } from "./messages.ts";
import { SUPERVISOR_ID_PREFIX } from "./names.ts";
import { Supervisor } from "./supervisor.ts";
import { initialState } from "./supervisor-state.ts";
import type { SupervisorState } from "./supervisor-state.ts";

export async function superviseService(raw?: unknown): Promise<never> {
  const input = readSuperviseInput(raw, workflowInfo().workflowId);
  const state = input.carried ?? initialState(input.intent, input.mode);
  const supervisor = new Supervisor(input.service, state);
  try {
    await supervisor.learn();
    while (!isRollDue(input.historyMax) || !supervisor.isQuiet()) await supervisor.step();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // Whoever cancels the supervisor wants the service gone, not alone.
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

function isRollDue(historyMax: number | undefined): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (historyMax !== undefined && historyMax <= historyLength);
}

function readSuperviseInput(raw: unknown, workflowId: string) {
  const read = openInput(raw, ["service", "intent", "mode", "history_max", "carried"]);
  return {
    service: read("service", text) ?? serviceFrom(workflowId, SUPERVISOR_ID_PREFIX),
    intent: read("intent", oneOf("running", "stopped")) ?? "running",
    mode: read("mode", MODE) ?? "auto",
    historyMax: read("history_max", integerFrom(20)),
    carried: read("carried", CARRIED),
  };
}

const CARRIED = {
  expected: "what continue-as-new hands on",
  read: (value: unknown) => (isState(value) ? value : undefined),
};

function isState(value: unknown): value is SupervisorState {
  return typeof value === "object" && value !== null && "intent" in value && "step" in value;
}
