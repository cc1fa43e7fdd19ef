/** Our messages to Temporal and back, each against the SDK's own encoding of the same message. */
import { createRequire } from "node:module";
import type protobuf from "protobufjs/light.js";
import { expect, test } from "vitest";
import { protoFields } from "../../../../src/adapters/temporal/thin/proto-fields.ts";
import {
  describedNamespaceId,
  describedPolls,
  describedSchedule,
  describedWorkflow,
  describeNamespaceRequest,
  describeScheduleRequest,
  describeTaskQueueRequest,
  describeWorkflowRequest,
  eventTypesIn,
  historyReverseRequest,
  queryWorkflowRequest,
  retentionIn,
  signalWithStartRequest,
  updateRetentionRequest,
} from "../../../../src/adapters/temporal/thin/thin-messages.ts";

const client = createRequire(import.meta.url).resolve("@temporalio/client");
const root: protobuf.Root = createRequire(client)("@temporalio/proto/protos/json-module.js");

function typeOf(name: string): protobuf.Type {
  return root.lookupType(`temporal.api.workflowservice.v1.${name}`);
}

function decoded(name: string, bytes: Buffer): object {
  const type = typeOf(name);
  return type.toObject(type.decode(bytes), { bytes: String, longs: Number });
}

function encoded(name: string, message: object): Buffer {
  const type = typeOf(name);
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function json(value: unknown) {
  return { metadata: { encoding: base64("json/plain") }, data: base64(JSON.stringify(value)) };
}

test("the id of a namespace is found in the SDK's description of it", () => {
  const namespaceInfo = { name: "n", description: "d", id: "01a22df7" };
  const response = encoded("DescribeNamespaceResponse", { namespaceInfo, isGlobalNamespace: true });
  expect(describedNamespaceId(response)).toBe("01a22df7");
});

test("requests are what the SDK would decode", () => {
  expect(
    decoded("DescribeWorkflowExecutionRequest", describeWorkflowRequest("n", "supervise-ä")),
  ).toEqual({ namespace: "n", execution: { workflowId: "supervise-ä" } });
  expect(decoded("DescribeNamespaceRequest", describeNamespaceRequest("n"))).toEqual({
    namespace: "n",
  });
  const queue = { namespace: "n", taskQueue: "dolphin-scan", kind: 2 };
  expect(decoded("DescribeTaskQueueRequest", describeTaskQueueRequest(queue))).toEqual({
    namespace: "n",
    taskQueue: { name: "dolphin-scan" },
    taskQueueType: 2,
  });
  const signal = signalWithStartRequest("n", {
    workflowType: "metaHealth",
    workflowId: "meta-health",
    taskQueue: "dolphin-health",
    args: [{ mode: "auto" }],
    signal: "transition",
    // Longer than what the length of one byte holds.
    signalArgs: [{ text: "ü".repeat(20_000) }],
    staticSummary: "sums up",
    staticDetails: "tells **all**",
    identity: "1@host",
    requestId: "r",
  });
  expect(decoded("SignalWithStartWorkflowExecutionRequest", signal)).toEqual({
    namespace: "n",
    workflowId: "meta-health",
    workflowType: { name: "metaHealth" },
    taskQueue: { name: "dolphin-health" },
    input: { payloads: [json({ mode: "auto" })] },
    identity: "1@host",
    requestId: "r",
    signalName: "transition",
    signalInput: { payloads: [json({ text: "ü".repeat(20_000) })] },
    userMetadata: { summary: json("sums up"), details: json("tells **all**") },
  });
});

const AT = { seconds: 1_900_000_000, nanos: 250_000_000 };
const AT_MS = 1_900_000_000_250;
const INFO = { execution: { workflowId: "run-x" }, startTime: AT, historyLength: 4_000_000_000 };

test.each([
  ["one that is closed", { workflowExecutionInfo: { ...INFO, status: 2 } }, null],
  [
    "one without an activity",
    {
      workflowExecutionInfo: { ...INFO, status: 1, memo: { fields: { status: json([1, null]) } } },
    },
    { startedMs: AT_MS, memo: { status: [1, null] }, activity: null },
  ],
  [
    "an activity that has told something",
    {
      workflowExecutionInfo: { ...INFO, status: 1 },
      pendingActivities: [
        {
          activityId: "1",
          heartbeatDetails: { payloads: [json({ pid: 7 })] },
          scheduledTime: AT,
          lastHeartbeatTime: { seconds: 1_900_000_001 },
        },
        { activityId: "2" },
      ],
    },
    {
      startedMs: AT_MS,
      memo: {},
      activity: { details: { pid: 7 }, scheduledMs: AT_MS, heartbeatMs: 1_900_000_001_000 },
    },
  ],
  [
    "values of other programs",
    {
      workflowExecutionInfo: {
        ...INFO,
        status: 1,
        memo: { fields: { a: { data: "AAEC" }, b: { ...json(1), data: "ew==" }, c: {} } },
      },
      pendingActivities: [{ heartbeatDetails: { payloads: [{ data: "AAEC" }] } }],
    },
    {
      startedMs: AT_MS,
      memo: { a: null, b: null, c: null },
      activity: { details: null, scheduledMs: null, heartbeatMs: null },
    },
  ],
])("a described workflow is read: %s", (_, message, described) => {
  expect(describedWorkflow(encoded("DescribeWorkflowExecutionResponse", message))).toEqual(
    described,
  );
});

test("polls are read, and other fields of the answer skipped", () => {
  const pollers = [
    { identity: "7@host", lastAccessTime: AT, ratePerSecond: 100_000 },
    { identity: "8@host" },
  ];
  const response = encoded("DescribeTaskQueueResponse", { pollers });
  expect(describedPolls(response)).toEqual([
    { identity: "7@host", atMs: AT_MS },
    { identity: "8@host", atMs: 0 },
  ]);
  expect(describedPolls(Buffer.alloc(0))).toEqual([]);
});

test.each(["0a", "0a05ff", "08ffffffffffffffffffffff01", "0b", "09ff"])(
  "what is no message is refused: %s",
  (hex) => {
    expect(() => protoFields(Buffer.from(hex, "hex"))).toThrow(RangeError);
  },
);

test("what `up` sends is what the SDK would decode", () => {
  const [namespace, workflowId] = ["n", "supervise-scan-bridge"];
  const execution = { workflowId };
  expect(
    decoded(
      "QueryWorkflowRequest",
      queryWorkflowRequest({ namespace, workflowId, query: "status" }),
    ),
  ).toEqual({ namespace, execution, query: { queryType: "status" } });
  expect(
    decoded(
      "GetWorkflowExecutionHistoryReverseRequest",
      historyReverseRequest({ namespace, workflowId, countMax: 20 }),
    ),
  ).toEqual({ namespace, execution, maximumPageSize: 20 });
  expect(decoded("UpdateNamespaceRequest", updateRetentionRequest("n", 259_200))).toEqual({
    namespace,
    config: { workflowExecutionRetentionTtl: { seconds: 259_200 } },
  });
  expect(decoded("DescribeScheduleRequest", describeScheduleRequest("n", "daily"))).toEqual({
    namespace,
    scheduleId: "daily",
  });
});

test("of a history the types of its events are read, and of a namespace how long it keeps", () => {
  const events = [{ eventId: 9, eventType: 8 }, { eventId: 8, eventType: 6 }, { eventId: 7 }];
  const history = encoded("GetWorkflowExecutionHistoryReverseResponse", { history: { events } });
  expect(eventTypesIn(history)).toEqual([8, 6, 0]);
  const config = { workflowExecutionRetentionTtl: { seconds: 86_400 } };
  expect(retentionIn(encoded("DescribeNamespaceResponse", { config }))).toBe(86_400);
  expect(retentionIn(encoded("DescribeNamespaceResponse", {}))).toBe(0);
});

const at = (seconds: number) => ({ seconds, nanos: 250_000_000 });

test.each([
  [
    "with runs, paused",
    {
      schedule: { state: { notes: "by hand", paused: true } },
      info: {
        missedCatchupWindow: 3,
        overlapSkipped: 2,
        recentActions: [
          { scheduleTime: at(10), actualTime: at(11) },
          { scheduleTime: at(70), actualTime: at(75) },
        ],
        futureActionTimes: [at(130), at(190)],
      },
    },
    {
      isPaused: true,
      note: "by hand",
      last: { dueMs: 70_250, takenMs: 75_250 },
      nextMs: 130_250,
      missed: 3,
      overlapped: 2,
    },
  ],
  [
    "that never ran",
    { schedule: {}, info: {} },
    { isPaused: false, note: "", last: null, nextMs: null, missed: 0, overlapped: 0 },
  ],
])("a schedule %s is read", (_what, response, expected) => {
  expect(describedSchedule(encoded("DescribeScheduleResponse", response))).toEqual(expected);
});
