import { isoFromMs } from "../../../../src/domain/time.ts";
import { describe, expect, test } from "vitest";
import type { EndKind } from "../../../../src/domain/supervision/next-step.ts";
import type {
  LiveFacts,
  ServiceRunRecord,
} from "../../../../src/domain/supervision/supervisor/records.ts";
import {
  answerToRecovery,
  type SupervisorCommand,
  initialSupervisor,
  isCounted,
  type SupervisorState,
  takeClosed,
  takeCommand,
  takeDetails,
  takeReported,
  takeResult,
  takeRun,
} from "../../../../src/domain/supervision/supervisor/supervisor-state.ts";

const POLICY = { restartsMax: 1, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 };
const NOW = Date.UTC(2026, 2, 25);

function running(): SupervisorState {
  return takeRun(initialSupervisor("running", "auto"), { run_id: "a", life: 1 });
}

function command(state: SupervisorState, given: SupervisorCommand | "start" | "stop" | "restart") {
  return takeCommand(state, typeof given === "string" ? { kind: given } : given, POLICY);
}

function result(kind: EndKind, restart_times: string[] = []): ServiceRunRecord {
  return {
    service: "x",
    kind,
    why: "because",
    life: 1,
    pid: 7,
    exit_code: 1,
    signal: null,
    started_at: null,
    at: isoFromMs(NOW),
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
  return takeResult(running(), result(kind, isSpent ? [isoFromMs(NOW - 1_000)] : []), POLICY);
}

describe("a supervisor's state", () => {
  test.each<[string, () => SupervisorState, string, string]>([
    ["wanted", () => initialSupervisor("running", "auto"), "start", "Starting"],
    ["not wanted", () => initialSupervisor("stopped", "auto"), "idle", "Stopped"],
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
    const before = after(kind, isSpent);
    const state = command(before, "start");
    expect(state.step.kind).toBe("start");
    expect(isCounted(state)).toBe(false);
    expect(state.restart_times).toEqual(before.restart_times);
  });

  test("a requested end costs nothing, whatever its signs", () => {
    const asked = command(running(), "restart");
    expect(asked.is_end_asked).toBe(true);
    const state = takeResult(asked, result("exited", [isoFromMs(NOW - 1)]), POLICY);
    expect(state.step.kind).toBe("start");
  });

  test("a stop stays a stop through whatever end", () => {
    for (const kind of ["exited", "fenced", "lost", "stopped", "abandoned"] as const) {
      const state = takeResult(command(running(), "stop"), result(kind), POLICY);
      expect([state.step.kind, state.word]).toEqual(["idle", "Stopped"]);
    }
  });

  test("a stop that came while the start was under way ends the run at once", () => {
    const state = takeRun(command(initialSupervisor("running", "auto"), "stop"), {
      run_id: "a",
      life: 1,
    });
    expect(state.is_end_asked).toBe(true);
  });

  test("a restart by policy costs budget; restarts of long ago are forgotten", () => {
    expect(isCounted(after("exited"))).toBe(true);
    const times = [isoFromMs(NOW - 700_000), isoFromMs(NOW - 1)];
    const state = takeResult(running(), result("exited", times), POLICY);
    expect(state.restart_times).toEqual([isoFromMs(NOW - 1)]);
  });

  test.each([
    ["TERMINATED", "start"],
    ["CANCELLED", "start"],
    ["gone", "start"],
    ["FAILED", "restart"],
  ])("a run closed as %s is followed by %s", (status, step) => {
    expect(takeClosed(running(), status, { policy: POLICY, ms: NOW }).step.kind).toBe(step);
  });

  test("monitor-only says what it would do, and auto does it", () => {
    const watched = command(after("exited"), { kind: "set mode", mode: "monitor-only" });
    expect(watched.reason).toBe(
      `because; monitor-only: would be started again at ${isoFromMs(NOW)}`,
    );
    expect(watched.step.kind).toBe("observe");
    const state = command(watched, { kind: "set mode", mode: "auto" });
    expect(state.step).toEqual({ kind: "restart", atMs: NOW });
  });

  test("no restart is forgotten, whoever counted it", () => {
    const known = { ...running(), restart_times: [isoFromMs(NOW - 2_000)] };
    const state = takeResult(known, result("exited", [isoFromMs(NOW - 3_000)]), POLICY);
    expect(state.restart_times).toEqual([isoFromMs(NOW - 3_000), isoFromMs(NOW - 2_000)]);
  });

  test("survives continue-as-new as plain JSON", () => {
    const state = after("exited", true);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

describe("a clock that is set back by a day", () => {
  const DATING = { ...POLICY, datesAnew: true };
  const AHEAD = isoFromMs(NOW + 86_400_000);
  const order = { kind: "recover", decision: "x@1", why: "a leak", atMs: NOW + 600_001 } as const;
  const known = (): SupervisorState => ({
    ...running(),
    restart_times: [AHEAD],
    seen_at: isoFromMs(NOW + 86_400_500),
  });
  const seen = (restart_times: string[]): LiveFacts => ({
    at: isoFromMs(NOW + 10_000),
    life: 1,
    host: "h",
    pid: 7,
    started_at: null,
    word: "Error",
    cause: "process",
    reason: "a leak",
    restart_times,
  });

  test("what the keeper has re-dated is not counted twice, and metaHealth is obeyed after the window", () => {
    const state = takeReported(known(), seen([isoFromMs(NOW)]), DATING);
    expect([state.word, state.restart_times]).toEqual(["Error", [isoFromMs(NOW)]]);
    expect(answerToRecovery(state, { ...order, atMs: NOW + 20_000 }, DATING).done).toBe(false);
    expect(answerToRecovery(state, order, DATING).done).toBe(true);
  });

  test("what a keeper of an older program reports unchanged is re-dated", () => {
    const state = takeReported(known(), seen([AHEAD]), DATING);
    expect(state.restart_times).toEqual([isoFromMs(NOW + 10_000)]);
  });

  test("a restart that is made while another is re-dated is one more", () => {
    const both = [isoFromMs(NOW), isoFromMs(NOW)];
    const state = takeReported(known(), seen(both), DATING);
    expect(state.restart_times).toEqual(both);
    const ended = takeResult(state, result("exited", both), DATING);
    expect(ended.restart_times).toEqual(both);
  });

  test("an end that is dated by it leaves the budget spent for its window", () => {
    const ended = takeResult(known(), result("exited", [AHEAD]), DATING);
    expect(ended.step).toEqual({ kind: "fatal", atMs: NOW + 600_000 });
    expect(ended.restart_times).toEqual([isoFromMs(NOW)]);
  });

  test("a description from before the last report stays old news", () => {
    expect(takeDetails(known(), seen([]), DATING)).toEqual(known());
  });

  test("with a policy that a history recorded before, all is as it was", () => {
    expect(takeReported(known(), seen([isoFromMs(NOW)]), POLICY)).toEqual(known());
    const ended = takeResult(known(), result("exited", [AHEAD]), POLICY);
    expect(ended.restart_times).toEqual([AHEAD]);
  });
});

describe("a supervisor that receives the declaration of its service", () => {
  const declared = {
    enabled: true,
    autostart: true,
    restarts_max: 5,
    memory_max_mb: 768,
    cpu_max_percent: 400,
    tasks_max: 256,
  };

  test("keeps what an operator has set", () => {
    const state = command(command(running(), "stop"), { kind: "configure", declared });
    expect([state.intent, state.declared]).toEqual(["stopped", declared]);
  });

  test("stops what is not enabled any more, and starts it when it is enabled again", () => {
    const off = { ...declared, enabled: false };
    const stopped = command(running(), { kind: "configure", declared: off });
    expect([stopped.intent, stopped.is_end_asked]).toEqual(["stopped", true]);
    const over = takeResult(stopped, result("stopped"), POLICY);
    const state = command(over, { kind: "configure", declared });
    expect([state.intent, state.step.kind]).toEqual(["running", "start"]);
  });
});

describe("a decision of metaHealth", () => {
  const order = {
    kind: "recover",
    decision: "bridge:x@1",
    why: "unpushed for 65 s",
    atMs: NOW,
  } as const;

  test("ends the life as sick, once, and the restart costs budget", () => {
    const asked = command(running(), order);
    expect(asked.is_end_asked).toBe(true);
    expect(answerToRecovery(asked, order, POLICY)).toMatchObject({
      done: true,
      says: "it was done before",
    });
    const ended = takeResult(asked, result("stopped"), POLICY);
    expect(ended).toMatchObject({ step: { kind: "restart" }, recovery: null });
    expect(ended.reason).toContain("unpushed for 65 s");
    expect(isCounted(ended)).toBe(true);
    // Reported again after the next life began, as by a retried activity.
    const next = takeRun(ended, { run_id: "b", life: 2 });
    expect(command(next, order)).toEqual(next);
  });

  test.each<[string, (state: SupervisorState) => SupervisorState]>([
    ["meant to be stopped", (state) => command(state, "stop")],
    ["monitor-only", (state) => command(state, { kind: "set mode", mode: "monitor-only" })],
    ["used up", (state) => ({ ...state, restart_times: [isoFromMs(NOW - 1_000)] })],
    ["not running", (state) => takeResult(state, result("exited"), POLICY)],
    ["being ended already", (state) => command(state, "restart")],
  ])("is refused where that would do harm: %s", (why, prepare) => {
    const state = prepare(running());
    expect(answerToRecovery(state, order, POLICY)).toMatchObject({
      done: false,
      says: expect.stringContaining(why),
    });
    expect(command(state, order)).toEqual(state);
  });

  test.each([
    ["fenced", "Fenced"],
    ["misconfigured", "Error"],
  ] as const)("a life that ends %s in it stays so: no recovery starts it again", (kind, word) => {
    const ended = takeResult(command(running(), order), result(kind), POLICY);
    expect(ended).toMatchObject({ step: { kind: "hold" }, word, recovery: null });
    const operated = takeResult(command(running(), "restart"), result(kind), POLICY);
    expect(operated.step.kind).toBe("start");
  });

  test("an operator's stop meanwhile is obeyed, and costs nothing", () => {
    const stopped = command(command(running(), order), "stop");
    const ended = takeResult(stopped, result("stopped"), POLICY);
    expect(ended).toMatchObject({ step: { kind: "idle" }, word: "Stopped" });
  });
});
