import { isoFromMs } from "../../../../src/domain/time.ts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../../src/domain/simulator/random.ts";
import type { RunFound } from "../../../../src/domain/supervision/supervisor/records.ts";
import { supervise } from "../../../../src/domain/supervision/supervisor/supervise.ts";
import {
  newSupervision,
  type SupervisorRun,
  type SupervisionEffect,
  type SupervisionEvent,
} from "../../../../src/domain/supervision/supervisor/supervision.ts";
import {
  initialSupervisor,
  type SupervisorState,
} from "../../../../src/domain/supervision/supervisor/supervisor-state.ts";
import { BRIEF, ModelledRuns } from "../../../helpers/supervision/modelled-runs.ts";

const NOW = Date.UTC(2026, 2, 25);
const WAIT: SupervisionEffect = { kind: "wait", limitMs: null };
const RUN = { run_id: "a", life: 3 };
const RECORD = {
  service: "x",
  kind: "exited",
  why: "because",
  life: 3,
  pid: 7,
  exit_code: 1,
  signal: null,
  started_at: null,
  at: isoFromMs(NOW),
  uptime_s: 1,
  counters: {},
  last_log: [],
  restart_times: [],
  local_lives: [],
  unkillable_pids: [],
} as const;
const ENDING = { kind: "exited", why: "because", unkillable: 0, at_ms: NOW } as const;
const RESTART = { kind: "restart", atMs: NOW + 5_000 } as const;
const ENDED = { run_id: "a", result: { ...RECORD, last_log: [] } };
const CLOSED = { runId: "a", result: { ...RECORD, last_log: [] } };

function knowing(
  state: Partial<SupervisorState>,
  more: Partial<SupervisorRun> = {},
): SupervisorRun {
  const all = { ...initialSupervisor("running", "auto"), life: 3, ...state };
  return { ...newSupervision(all, BRIEF), isLearned: true, ...more };
}

describe("a turn of the supervisor", () => {
  test.each<[string, SupervisorRun, readonly SupervisionEffect[]]>([
    [
      "a start was asked for",
      knowing({ step: { kind: "start" }, restart_times: ["t"] }),
      [{ kind: "start run", life: 4, restart_times: ["t"], is_restart: false }],
    ],
    ["it is stopped", knowing({ step: { kind: "idle" } }), [WAIT]],
    ["nobody but an operator starts it", knowing({ step: { kind: "hold" } }), [WAIT]],
    ["it only watches", knowing({ step: { kind: "observe", atMs: NOW } }), [WAIT]],
    [
      "a restart is due later",
      knowing({ step: RESTART, ending: ENDING }),
      [{ kind: "time", step: RESTART, delayMs: 5_000 }, WAIT],
    ],
    [
      "its delay goes on",
      knowing({ step: RESTART, ending: ENDING }, { timed: { step: RESTART, isDue: false } }),
      [WAIT],
    ],
    [
      "its delay is over",
      knowing({ step: RESTART, ending: ENDING }, { timed: { step: RESTART, isDue: true } }),
      [{ kind: "start run", life: 4, restart_times: [], is_restart: true }],
    ],
    [
      "a restart is due at once",
      knowing({ step: { kind: "restart", atMs: NOW }, ending: ENDING }),
      [{ kind: "start run", life: 4, restart_times: [], is_restart: true }],
    ],
    ["a run is open", knowing({ run: RUN }), [{ kind: "wait", limitMs: BRIEF.newsMs }]],
    ["the server knows more", knowing({ run: RUN }, { mustInspect: true }), [{ kind: "inspect" }]],
    [
      "it is to end",
      knowing({ run: RUN, is_end_asked: true }),
      [{ kind: "tell to end", runId: "a" }],
    ],
    [
      "it was told to end",
      knowing({ run: RUN, is_end_asked: true }, { endAskedOf: "a" }),
      [{ kind: "wait", limitMs: BRIEF.newsMs }],
    ],
    [
      "an adopted run says that it is over",
      knowing({ run: RUN }, { ended: ENDED }),
      [{ kind: "await closed", runId: "a", result: ENDED.result }],
    ],
    [
      "our own run says that it is over: its close follows",
      knowing({ run: RUN }, { ended: ENDED, ownRunId: "a" }),
      [{ kind: "wait", limitMs: BRIEF.newsMs }],
    ],
    [
      "it is closed without a result",
      knowing({ run: RUN }, { closed: { runId: "a", result: null } }),
      [{ kind: "inspect" }],
    ],
    ["it is closed", knowing({ run: RUN }, { closed: CLOSED }), []],
    [
      "another run was closed",
      knowing({ run: RUN }, { closed: { ...CLOSED, runId: "b" } }),
      [{ kind: "wait", limitMs: BRIEF.newsMs }],
    ],
  ])("when %s", (_when, now, expected) => {
    expect(supervise(now, { kind: "turn" }).effects).toEqual(expected);
  });
});

function looked(found: RunFound): SupervisionEvent {
  return { kind: "looked", found, nowMs: NOW };
}

describe("what the server says of the newest run", () => {
  const open = { kind: "open", runId: "a", life: 5, details: null } as const;
  const closed = { kind: "closed", runId: "a", life: 5, status: "FAILED", result: null } as const;
  test.each<[string, SupervisorRun, SupervisionEvent, Partial<SupervisorState>, readonly string[]]>(
    [
      ["adopts", knowing({}), looked(open), { life: 5 }, ["tell that it is adopted"]],
      ["knows its own", knowing({ run: RUN }, { ownRunId: "a" }), looked(open), { run: RUN }, []],
      ["counts on", knowing({}), looked(closed), { life: 5, run: null }, []],
      ["counts nothing anew", knowing({ life: 9 }), looked(closed), { life: 9 }, []],
      ["sees a failure", knowing({ run: RUN }), looked(closed), { run: null, word: "Down" }, []],
      [
        "misses its run",
        knowing({ run: RUN }),
        looked({ kind: "absent" }),
        { word: "Starting" },
        [],
      ],
    ],
  )("%s", (_what, now, event, state, effects) => {
    const then = supervise(now, event);
    expect(then.next.state).toMatchObject(state);
    expect(then.effects.map(({ kind }) => kind)).toEqual(effects);
  });
});

test("the end of a delay counts only while its step is waited for", () => {
  const now = knowing(
    { step: RESTART, ending: ENDING },
    { timed: { step: RESTART, isDue: false } },
  );
  expect(supervise(now, { kind: "delay over", step: { ...RESTART } }).next).toEqual(now);
  expect(supervise(now, { kind: "delay over", step: RESTART }).next.timed?.isDue).toBe(true);
});

/** The most restarts in any window of the policy. */
function mostInWindow(times: readonly number[]): number {
  const within = (at: number) =>
    times.filter((other) => at <= other && other < at + BRIEF.policy.windowMs);
  return Math.max(0, ...times.map((at) => within(at).length));
}

test("whatever happens: no double start, no restart beyond the budget, no command that counts twice, and a stop that ends it", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const runs = new ModelledRuns(seededRandom(seed).uniform);
      for (let n = 0; n < 300; n += 1) {
        runs.turn();
        if (runs.isResting) runs.happen();
      }
      expect(runs.faults).toEqual([]);
      expect(mostInWindow(runs.counted)).toBeLessThanOrEqual(BRIEF.policy.restartsMax);
      runs.do({ kind: "command", command: { kind: "stop" } });
      for (let n = 0; n < 50 && runs.now.state.step.kind !== "idle"; n += 1) {
        runs.turn();
        if (runs.isResting) runs.endOpen();
      }
      expect(runs.now.state).toMatchObject({ run: null, step: { kind: "idle" }, word: "Stopped" });
    }),
  );
});
