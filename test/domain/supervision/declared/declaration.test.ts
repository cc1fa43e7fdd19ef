import { describe, expect, test } from "vitest";
import {
  declarationChanges,
  intentAnew,
  type ServiceDeclaration,
} from "../../../../src/domain/supervision/declared/declaration.ts";

const DECLARED: ServiceDeclaration = {
  enabled: true,
  autostart: true,
  restarts_max: 3,
  memory_max_mb: 768,
  cpu_max_percent: 400,
  tasks_max: 256,
};
const MANUAL = { ...DECLARED, autostart: false };
const OFF = { ...DECLARED, enabled: false };

describe("a declaration that follows another", () => {
  test.each([
    ["the same again", DECLARED, DECLARED, null],
    ["another budget", DECLARED, { ...DECLARED, restarts_max: 5 }, null],
    ["the first of a service that was told by hand", null, DECLARED, null],
    ["the first, and not enabled", null, OFF, "stopped"],
    ["no start by itself any more", DECLARED, MANUAL, "stopped"],
    ["a start by itself", MANUAL, DECLARED, "running"],
    ["not enabled any more", DECLARED, OFF, "stopped"],
    ["not enabled, again", OFF, OFF, "stopped"],
    ["enabled again", OFF, DECLARED, "running"],
    ["enabled again, to be started by hand", OFF, MANUAL, null],
  ])("%s", (_, before, after, intent) => {
    expect(intentAnew(before, after)).toBe(intent);
  });

  test("says what changed, from what and to what", () => {
    expect(declarationChanges(DECLARED, DECLARED)).toEqual([]);
    expect(declarationChanges(DECLARED, { ...MANUAL, restarts_max: 5 })).toEqual([
      { what: "autostart", from: "true", to: "false" },
      { what: "restarts_max", from: "3", to: "5" },
    ]);
    expect(declarationChanges(null, DECLARED).map(({ from }) => from)).toEqual(
      Array.from({ length: 6 }, () => "not declared"),
    );
  });
});
