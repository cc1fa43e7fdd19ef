/**
 * The time that a call to Temporal may take where its caller sets none: a server that accepts connections and answers
 * nothing, such as a stopped one, would otherwise keep a verb or a service waiting for ever. No imports: every verb
 * loads it.
 */
export type CallLimits = {
  readonly answerMs: number;
  /** Of calls that the server holds open until something happens, or that wait for a worker. */
  readonly waitMs: number;
};

/** Temporal's server ends a long poll after at most a minute. */
export const CALL_LIMITS: CallLimits = { answerMs: 20_000, waitMs: 75_000 };

const WAITING: ReadonlySet<string> = new Set([
  "ExecuteMultiOperation",
  "GetWorkflowExecutionHistory",
  "PollWorkflowExecutionUpdate",
  "QueryWorkflow",
  "UpdateWorkflowExecution",
]);

/** `path`: of gRPC, such as `/temporal.api.workflowservice.v1.WorkflowService/QueryWorkflow`. */
export function limitOf(path: string, { answerMs, waitMs }: CallLimits): number {
  return WAITING.has(path.slice(path.lastIndexOf("/") + 1)) ? waitMs : answerMs;
}

/** DEADLINE_EXCEEDED and UNAVAILABLE */
const SILENT: readonly unknown[] = [4, 14];

/** Whether a failure means that the server did not answer, whatever was asked. */
export function isTemporalSilence(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "TemporalCallError" && "status" in error) return SILENT.includes(error.status);
  const isGrpc = "details" in error && typeof error.details === "string" && "code" in error;
  return (isGrpc && SILENT.includes(error.code)) || isTemporalSilence(error.cause);
}
