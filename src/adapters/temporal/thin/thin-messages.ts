/**
 * The messages of Temporal's API that processes without the SDK need. Field ids are those of `temporal/api` (workflowservice,
 * workflow, taskqueue, common). A test compares each with the SDK's own encoding.
 */
import { jsonOrNull } from "../../../domain/json-record.ts";
import {
  bytesOf,
  numberOf,
  type ProtoField,
  protoFields,
  protoMessage,
  textOf,
} from "./proto-fields.ts";

/** The answer of a describe call for a running workflow. */
export type WorkflowDescription = {
  readonly startedMs: number;
  readonly memo: Readonly<Record<string, unknown>>;
  /** The first one that is pending. */
  readonly activity: {
    /** Null: none, or it is not JSON. */
    readonly details: unknown;
    readonly scheduledMs: number | null;
    readonly heartbeatMs: number | null;
  } | null;
};

export type Poll = {
  readonly identity: string;
  /** When it began, by the server's clock. */
  readonly atMs: number;
};

export type ScheduleDescription = {
  readonly isPaused: boolean;
  /** Why; empty where nobody said. */
  readonly note: string;
  /** Null before the first run. */
  readonly last: { readonly dueMs: number; readonly takenMs: number } | null;
  /** Null where none comes. */
  readonly nextMs: number | null;
  /** Skipped because the server was away for too long. */
  readonly missed: number;
  /** Skipped because the run before was not over. */
  readonly overlapped: number;
};

/** A signal to a workflow that is started where it does not run. */
export type SignalWithStart = {
  readonly workflowType: string;
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: readonly unknown[];
  readonly signal: string;
  readonly signalArgs: readonly unknown[];
  readonly staticSummary: string;
  readonly staticDetails: string;
  readonly identity: string;
  /** The same for each try. */
  readonly requestId: string;
};

/** temporal.api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING */
const RUNNING = 1;
const JSON_PLAIN = "json/plain";

export function describeNamespaceRequest(namespace: string): Buffer {
  return protoMessage([1, namespace]);
}

/** The id that its database gave the namespace; empty: the server told none. */
export function describedNamespaceId(response: Buffer): string {
  return textOf(messageIn(protoFields(response), 1), 6);
}

/** How long the namespace keeps closed workflows. */
export function retentionIn(response: Buffer): number {
  return numberOf(messageIn(messageIn(protoFields(response), 2), 1), 1);
}

export function updateRetentionRequest(namespace: string, retentionS: number): Buffer {
  return protoMessage([1, namespace], [3, protoMessage([1, protoMessage([1, retentionS])])]);
}

/** Of a query without arguments. */
export function queryWorkflowRequest(of: {
  readonly namespace: string;
  readonly workflowId: string;
  readonly query: string;
}): Buffer {
  return protoMessage(
    [1, of.namespace],
    [2, protoMessage([1, of.workflowId])],
    [3, protoMessage([1, of.query])],
  );
}

/** The newest events first. */
export function historyReverseRequest(of: {
  readonly namespace: string;
  readonly workflowId: string;
  readonly countMax: number;
}): Buffer {
  const { namespace, workflowId, countMax } = of;
  return protoMessage([1, namespace], [2, protoMessage([1, workflowId])], [3, countMax]);
}

/** Values of temporal.api.enums.v1.EventType, in the order of the response. */
export function eventTypesIn(response: Buffer): readonly number[] {
  const events = bytesOf(messageIn(protoFields(response), 1), 1);
  return events.map((event) => numberOf(protoFields(event), 3));
}

export function describeScheduleRequest(namespace: string, scheduleId: string): Buffer {
  return protoMessage([1, namespace], [2, scheduleId]);
}

/** Of a schedule's recent runs only the last, and of its coming ones the next. */
export function describedSchedule(response: Buffer): ScheduleDescription {
  const fields = protoFields(response);
  const state = messageIn(messageIn(fields, 1), 4);
  const info = messageIn(fields, 2);
  const last = messageIn(info, 4);
  const [dueMs, takenMs] = [timeIn(last, 1), timeIn(last, 2)];
  return {
    isPaused: numberOf(state, 2) !== 0,
    note: textOf(state, 1),
    last: dueMs === null || takenMs === null ? null : { dueMs, takenMs },
    nextMs: timeOf(bytesOf(info, 5)[0]),
    missed: numberOf(info, 2),
    overlapped: numberOf(info, 3),
  };
}

export function describeWorkflowRequest(namespace: string, workflowId: string): Buffer {
  return protoMessage([1, namespace], [2, protoMessage([1, workflowId])]);
}

/** Null: it is closed. */
export function describedWorkflow(response: Buffer): WorkflowDescription | null {
  const fields = protoFields(response);
  const info = messageIn(fields, 2);
  if (numberOf(info, 5) !== RUNNING) return null;
  const [pending] = bytesOf(fields, 3);
  return {
    startedMs: timeIn(info, 3) ?? 0,
    memo: memoIn(messageIn(info, 10)),
    activity: pending === undefined ? null : activityIn(protoFields(pending)),
  };
}

export function describeTaskQueueRequest(of: {
  readonly namespace: string;
  readonly taskQueue: string;
  readonly kind: number;
}): Buffer {
  return protoMessage([1, of.namespace], [2, protoMessage([1, of.taskQueue])], [3, of.kind]);
}

export function describedPolls(response: Buffer): readonly Poll[] {
  return bytesOf(protoFields(response), 1).map((poller) => {
    const fields = protoFields(poller);
    return { identity: textOf(fields, 2), atMs: timeIn(fields, 1) ?? 0 };
  });
}

export function signalWithStartRequest(namespace: string, of: SignalWithStart): Buffer {
  const userMetadata = protoMessage([1, payload(of.staticSummary)], [2, payload(of.staticDetails)]);
  return protoMessage(
    [1, namespace],
    [2, of.workflowId],
    [3, protoMessage([1, of.workflowType])],
    [4, protoMessage([1, of.taskQueue])],
    [5, payloads(of.args)],
    [9, of.identity],
    [10, of.requestId],
    [12, of.signal],
    [13, payloads(of.signalArgs)],
    [23, userMetadata],
  );
}

function payloads(values: readonly unknown[]): Buffer {
  return protoMessage(...values.map((value) => [1, payload(value)] as const));
}

function payload(value: unknown): Buffer {
  const encoding = protoMessage([1, "encoding"], [2, JSON_PLAIN]);
  return protoMessage([1, encoding], [2, JSON.stringify(value)]);
}

/** Null where another encoding holds it. */
function valueIn(payloadBytes: Buffer): unknown {
  const fields = protoFields(payloadBytes);
  const metadata = bytesOf(fields, 1).map((entry) => protoFields(entry));
  const encoding = metadata.find((entry) => textOf(entry, 1) === "encoding");
  if (encoding === undefined || textOf(encoding, 2) !== JSON_PLAIN) return null;
  return jsonOrNull(textOf(fields, 2));
}

function memoIn(memo: readonly ProtoField[]): Readonly<Record<string, unknown>> {
  const entries = bytesOf(memo, 1).map((entry) => {
    const fields = protoFields(entry);
    const [value] = bytesOf(fields, 2);
    return [textOf(fields, 1), value === undefined ? null : valueIn(value)] as const;
  });
  return Object.fromEntries(entries);
}

function activityIn(fields: readonly ProtoField[]): NonNullable<WorkflowDescription["activity"]> {
  const [details] = bytesOf(messageIn(fields, 4), 1);
  return {
    details: details === undefined ? null : valueIn(details),
    scheduledMs: timeIn(fields, 9),
    heartbeatMs: timeIn(fields, 5),
  };
}

/** Empty where it is absent. */
function messageIn(fields: readonly ProtoField[], id: number): readonly ProtoField[] {
  const bytes = bytesOf(fields, id).at(-1);
  return bytes === undefined ? [] : protoFields(bytes);
}

/** google.protobuf.Timestamp; of a repeated one the last. */
function timeIn(fields: readonly ProtoField[], id: number): number | null {
  return timeOf(bytesOf(fields, id).at(-1));
}

function timeOf(bytes: Buffer | undefined): number | null {
  if (bytes === undefined) return null;
  const time = protoFields(bytes);
  return numberOf(time, 1) * 1_000 + numberOf(time, 2) / 1_000_000;
}
