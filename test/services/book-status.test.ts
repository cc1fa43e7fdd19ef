import { expect, test } from "vitest";
import type { OperatorCommand } from "../../src/domain/trading/events.ts";
import { standingOf, statusOf } from "../../src/services/book-status.ts";
import { DAY_START_MS } from "../helpers/trading/random-day.ts";
import { scripted } from "../helpers/trading/scripted.ts";

type Stage = ReturnType<typeof scripted>;

function posture({ tell }: Stage, step: "APEX" | "HIBERNATE" | "UNKNOWN"): void {
  tell({ kind: "posture", posture: step, asOfMs: DAY_START_MS, source: "test" });
}

function operator({ tell }: Stage, command: OperatorCommand): void {
  tell({ kind: "operator", commandId: command.kind, by: "ops", command });
}

function loseADay({ fill, orders, scan }: Stage): void {
  scan(4);
  fill(orders[0]!.referencePrice, 900);
}

test.each<[string, (stage: Stage) => void]>([
  ["running", () => {}],
  ["halted", (stage) => operator(stage, { kind: "halt" })],
  ["latched: limit_daily_loss limit_drawdown", loseADay],
  ["no entries: posture HIBERNATE", (stage) => posture(stage, "HIBERNATE")],
  ["no entries: posture UNKNOWN", (stage) => posture(stage, "UNKNOWN")],
  ["no entries: posture APEX is old", (stage) => stage.tell({ kind: "tick" }, 30_001)],
])("a book says that it is %s", (state, happens) => {
  const stage = scripted();
  stage.warmUp();
  stage.scan(3);
  happens(stage);
  expect(standingOf(stage.trader)).toBe(state);
  expect(statusOf(stage.trader).state).toBe(state);
});

test("a book with too few scans says that it warms up, and a resumed one what still holds it", () => {
  const stage = scripted();
  posture(stage, "APEX");
  expect(standingOf(stage.trader)).toBe("warming");
  posture(stage, "HIBERNATE");
  operator(stage, { kind: "resume" });
  expect(standingOf(stage.trader)).toBe("no entries: posture HIBERNATE");
});
