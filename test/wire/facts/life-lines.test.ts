import { expect, test } from "vitest";
import {
  beganLine,
  endedLine,
  readLifeLine,
  restartedHereLine,
} from "../../../src/wire/facts/life-lines.ts";

const CASES = [
  [
    beganLine("scan-bridge", 2, "77; no limits"),
    { kind: "began", service: "scan-bridge", life: 2 },
  ],
  [
    endedLine("scan-bridge", 1, "killed by SIGKILL"),
    { kind: "ended", service: "scan-bridge", life: 1, why: "killed by SIGKILL" },
  ],
  [restartedHereLine("trader-blue"), { kind: "restarted_here", service: "trader-blue" }],
] as const;

test.each(CASES)("what is written is read again, as the worker logs it: %s", (line, read) => {
  expect(readLifeLine(line)).toEqual(read);
  expect(readLifeLine(`[Keeper] ${line}`)).toEqual(read);
});

test.each(["scan-bridge: something else", "[Keeper] scan-bridge: life", "layer scan"])(
  "any other line is none: %s",
  (line) => {
    expect(readLifeLine(line)).toBeNull();
  },
);
