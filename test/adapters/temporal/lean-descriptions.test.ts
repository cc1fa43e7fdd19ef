/** The parts of Temporal's descriptions that our processes leave out are neither called nor referred to by the rest. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import protobuf from "protobufjs/light.js";
import { expect, test } from "vitest";
import { leanDescriptions } from "../../../src/adapters/temporal/lean-descriptions.ts";

const client = createRequire(import.meta.url).resolve("@temporalio/client");
const file = createRequire(client).resolve("@temporalio/proto/protos/json-module.js");
const SERVICES = [
  "temporal.api.workflowservice.v1.WorkflowService",
  "temporal.api.operatorservice.v1.OperatorService",
  "grpc.health.v1.Health",
];

test("every call of Temporal's services is there, with all of its messages", () => {
  const lean = leanDescriptions(readFileSync(file, "utf8"));
  const whole = createRequire(file)(file);
  const root = protobuf.Root.fromJSON({ nested: lean ?? {} });
  // Throws where a type is named that is not there.
  root.resolveAll();
  for (const name of SERVICES) {
    const [ours, theirs] = [root.lookupService(name), whole.lookupService(name)];
    const calls = theirs.methodsArray.map((one: protobuf.Method) => one.name);
    expect(ours.methodsArray.map((one) => one.name)).toEqual(calls);
    for (const { requestType, responseType } of ours.methodsArray) {
      for (const type of [requestType, responseType]) {
        expect(ours.lookupType(type).toJSON()).toEqual(theirs.lookupType(type).toJSON());
      }
    }
  }
  expect(root.lookup("coresdk.workflow_activation")).not.toBeNull();
  expect(root.lookup("temporal.api.cloud")).toBeNull();
});

test.each(["", "module.exports = 1;", ".addJSON({ unquoted: 1 });", ".addJSON({});"])(
  "a file that is written otherwise (%j) is left to the SDK",
  (text) => {
    expect(leanDescriptions(text)).toBeNull();
  },
);
