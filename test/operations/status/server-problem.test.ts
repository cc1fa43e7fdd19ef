import { expect, test } from "vitest";
import { problemOf } from "../../../src/operations/status/status-reader.ts";

const late = Object.assign(
  new Error("4 DEADLINE_EXCEEDED: Deadline exceeded after 1.665s,LB pick"),
  {
    code: 4,
  },
);

test.each([
  [
    "a refusal with its cause",
    new Error("no", { cause: new Error("connect ECONNREFUSED") }),
    "no: connect ECONNREFUSED",
  ],
  [
    "an answer that did not come in time",
    new Error("Failed to describe workflow", { cause: late }),
    null,
  ],
  ["a call that says so itself", late, null],
  ["an error without words", new Error(""), null],
])("of a server that does not answer the page tells: %s", (_what, error, says) => {
  expect(problemOf(error)).toBe(says);
});
