/**
 * What a process needs of Temporal that only looks, and tells metaHealth: a few calls, by whichever transport. Invariant: no
 * worker need answer.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import {
  describedNamespaceId,
  describedPolls,
  describedSchedule,
  describedWorkflow,
  describeNamespaceRequest,
  describeScheduleRequest,
  describeTaskQueueRequest,
  describeWorkflowRequest,
  type Poll,
  type ScheduleDescription,
  type SignalWithStart,
  signalWithStartRequest,
  type WorkflowDescription,
} from "./thin/thin-messages.ts";

export type { Poll, ScheduleDescription, WorkflowDescription } from "./thin/thin-messages.ts";

/** One call of `temporal.api.workflowservice.v1.WorkflowService`. @throws {TemporalCallError} */
export type TemporalCall = (call: {
  readonly method: string;
  readonly request: Buffer;
  /** Absent: the transport's own. */
  readonly deadlineMs?: number | undefined;
}) => Promise<Buffer>;

export class TemporalCallError extends Error {
  override readonly name = "TemporalCallError";
  /** Of gRPC. */
  readonly status: number;
  /** `grpc-status-details-bin`, which names the type of the failure. */
  readonly details: Buffer;

  constructor(message: string, about: { readonly status: number; readonly details?: Buffer }) {
    super(message);
    this.status = about.status;
    this.details = about.details ?? Buffer.alloc(0);
  }
}

export type TemporalReads = {
  /** Of the namespace: no two databases of Temporal's have the same. */
  namespaceId(): Promise<string>;
  /** Null where there is none, or it is closed. */
  describe(workflowId: string): Promise<WorkflowDescription | null>;
  /** Null where there is none. */
  schedule(scheduleId: string): Promise<ScheduleDescription | null>;
  /** All that the server remembers; `kind` is a temporal.api.enums.v1.TaskQueueType. */
  polls(taskQueue: string, kind: number): Promise<readonly Poll[]>;
  /** At least once: a signal that was accepted but not answered is sent again. */
  signalWithStart(
    order: Omit<SignalWithStart, "identity" | "requestId">,
    withinMs: number,
  ): Promise<void>;
};

const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;

/** The server was too slow, or is frozen: one that is not there refuses. */
export function isPastDeadline(error: unknown): boolean {
  return error instanceof TemporalCallError && error.status === DEADLINE_EXCEEDED;
}

export function temporalReads(namespace: string, call: TemporalCall): TemporalReads {
  return {
    async namespaceId() {
      const request = describeNamespaceRequest(namespace);
      return describedNamespaceId(await call({ method: "DescribeNamespace", request }));
    },
    async describe(workflowId) {
      const request = describeWorkflowRequest(namespace, workflowId);
      return orAbsent(async () =>
        describedWorkflow(await call({ method: "DescribeWorkflowExecution", request })),
      );
    },
    async schedule(scheduleId) {
      const request = describeScheduleRequest(namespace, scheduleId);
      return orAbsent(async () =>
        describedSchedule(await call({ method: "DescribeSchedule", request })),
      );
    },
    async polls(taskQueue, kind) {
      const request = describeTaskQueueRequest({ namespace, taskQueue, kind });
      return describedPolls(await call({ method: "DescribeTaskQueue", request }));
    },
    async signalWithStart(order, deadlineMs) {
      const identity = `${process.pid}@${hostname()}`;
      const request = signalWithStartRequest(namespace, {
        ...order,
        identity,
        requestId: randomUUID(),
      });
      await call({ method: "SignalWithStartWorkflowExecution", request, deadlineMs });
    },
  };
}

async function orAbsent<T>(describe: () => Promise<T>): Promise<T | null> {
  try {
    return await describe();
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** A namespace that does not exist has the same status. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof TemporalCallError) || error.status !== NOT_FOUND) return false;
  return !error.details.includes("NamespaceNotFoundFailure");
}
