import { describe, expect, test } from "vitest";
import type { EndKind } from "../../src/domain/supervision/next-step.ts";
import type { RunResult } from "../../src/wire/supervision.ts";
import {
  commandRestart,
  commandSetMode,
  commandStart,
  commandStop,
  initialState,
  isoTime,
  statusOf,
  takeClosed,
  takeResult,
  takeRun,
  isCounted,
} from "../../src/workflows/supervisor-state.ts";
import type { SupervisorState } from "../../src/workflows/supervisor-state.ts";

const POLICY = { restartsMax: 1, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 };
const NOW = Date.UTC(2026, 2, 25);

function running(): SupervisorState {
  const state = initialState("running", "auto");
  takeRun(state, { run_id: "a", life: 1 });
  return state;
}

function result(kind: EndKind, restart_times: string[] = []): RunResult {
  return {
    service: "x",
    kind,
    why: "because",
    life: 1,
    pid: 7,
    exit_code: 1,
    signal: null,
    started_at: null,
    at: isoTime(NOW),
    uptime_s: 1,
    counters: {},
    last_log: [],
    restart_times,
    local_lives: [],
    unkillable_pids: [],
  };
}

/** The state after a run ended so, with the budget spent where `isSpent`. */
function after(kind: EndKind, isSpent = false): SupervisorState {
  const state = running();
  takeResult(state, result(kind, isSpent ? [isoTime(NOW - 1_000)] : []), POLICY);
  return state;
}

describe("a supervisor's state", () => {
  test.each<[string, () => SupervisorState, string, string]>([
    ["wanted", () => initialState("running", "auto"), "start", "Starting"],
    ["not wanted", () => initialState("stopped", "auto"), "idle", "Stopped"],
    ["crashed", () => after("exited"), "restart", "Down"],
    ["crashed once too often", () => after("exited", true), "fatal", "FATAL"],
    ["fenced", () => after("fenced"), "hold", "Fenced"],
    ["told to stop elsewhere", () => after("stopped"), "start", "Starting"],
  ])("%s", (_what, make, step, word) => {
    const state = make();
    expect([state.step.kind, state.word, state.run]).toEqual([step, word, null]);
  });

  test.each<[EndKind, boolean]>([
    ["exited", false],
    ["exited", true],
    ["fenced", false],
    ["misconfigured", false],
  ])("after %s (budget spent: %s) start starts at once and counts nothing", (kind, isSpent) => {
    const state = after(kind, isSpent);
    const before = state.restart_times;
    commandStart(state);
    expect(state.step.kind).toBe("start");
    expect(isCounted(state)).toBe(false);
    expect(state.restart_times).toEqual(before);
  });

  test("an end that was asked for costs nothing, however it looked", () => {
    const state = running();
    commandRestart(state);
    expect(state.is_end_asked).toBe(true);
    takeResult(state, result("exited", [isoTime(NOW - 1)]), POLICY);
    expect(state.step.kind).toBe("start");
  });

  test("a stop stays a stop through whatever end", () => {
    for (const kind of ["exited", "fenced", "lost", "stopped", "abandoned"] as const) {
      const state = running();
      commandStop(state);
      takeResult(state, result(kind), POLICY);
      expect([state.step.kind, state.word]).toEqual(["idle", "Stopped"]);
    }
  });

  test("a restart by policy costs budget; restarts of long ago are forgotten", () => {
    expect(isCounted(after("exited"))).toBe(true);
    const state = running();
    takeResult(state, result("exited", [isoTime(NOW - 700_000), isoTime(NOW - 1)]), POLICY);
    expect(state.restart_times).toEqual([isoTime(NOW - 1)]);
  });

  test.each([
    ["TERMINATED", "start", 0],
    ["CANCELLED", "start", 0],
    ["gone", "start", 0],
    ["FAILED", "restart", 0],
  ])("a run closed as %s is followed by %s", (status, step) => {
    const state = running();
    takeClosed(state, status, { policy: POLICY, ms: NOW });
    expect(state.step.kind).toBe(step);
  });

  test("monitor-only says what it would do, and auto does it", () => {
    const state = after("exited");
    commandSetMode(state, "monitor-only", POLICY);
    expect(state.reason).toBe(`because; monitor-only: would be started again at ${isoTime(NOW)}`);
    expect(state.step.kind).toBe("observe");
    commandSetMode(state, "auto", POLICY);
    expect(state.step).toEqual({ kind: "restart", atMs: NOW });
  });

  test("no restart is forgotten, whoever counted it", () => {
    const state = running();
    state.restart_times = [isoTime(NOW - 2_000)];
    takeResult(state, result("exited", [isoTime(NOW - 3_000)]), POLICY);
    expect(state.restart_times).toEqual([isoTime(NOW - 3_000), isoTime(NOW - 2_000)]);
  });

  test("survives continue-as-new as plain JSON", () => {
    const state = after("exited", true);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  test("tells the next try and the restarts that still count", () => {
    const brief = {
      service: "x",
      layer: "scan",
      policy: POLICY,
      newsMs: 1,
      startMs: 1,
      stopWaitMs: 1,
      hasSearchAttributes: false,
    };
    const status = statusOf(after("exited", true), brief, NOW);
    expect(status).toMatchObject({ word: "FATAL", restarts_in_window: 1, cause: "process" });
    expect(status.next_try_at).toBe(isoTime(NOW - 1_000 + 600_000));
    expect(statusOf(after("exited", true), brief, NOW + 600_000).restarts_in_window).toBe(0);
  });
});
