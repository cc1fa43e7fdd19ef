/**
 * Runs the real policy, verdict, recovery and supervisor state over a modelled bridge, one second per step. The
 * transport is not modelled: Temporal's calls take no time.
 */
import { isoFromMs } from "../../src/domain/time.ts";
import { decideRecovery } from "../../src/domain/supervision/recovery.ts";
import type { EndKind, NextStep } from "../../src/domain/supervision/next-step.ts";
import { SERVICES } from "../../src/domain/supervision/services.ts";
import { hasWhatItNeeds, SILENT_MAX_S, verdict } from "../../src/domain/supervision/verdict.ts";
import type { Observation, Verdict } from "../../src/domain/supervision/verdict.ts";
import type { RunResult } from "../../src/wire/supervision.ts";
import {
  initialSupervisor,
  isCounted,
  takeCommand,
  takeResult,
  takeRun,
} from "../../src/domain/supervision/supervisor/supervisor-state.ts";
import { isWithin } from "./fault-script.ts";
import type { FaultScript } from "./fault-script.ts";
import { BridgeWorld } from "./modelled-bridge.ts";
import type { BridgeProcess } from "./modelled-bridge.ts";

export const POLICY = {
  restartsMax: 3,
  windowMs: 600_000,
  delaysMs: [0, 5_000, 20_000],
  healthyAfterMs: 120_000,
  fatalRetryMs: 300_000,
};
const SPEC = SERVICES["scan-bridge"];
const HEALTH_CHECK_S = 30;
const WORKER_BACK_S = 7;

export type Ended = {
  readonly atS: number;
  readonly kind: EndKind;
  /** What was really wrong with the process, by the model. */
  readonly truth: "frozen" | "wedged" | "leaking" | "nothing";
};
export type Outcome = {
  /** Starts after an end that nobody asked for. */
  readonly restarts: readonly number[];
  readonly ends: readonly Ended[];
  readonly last: Verdict | null;
  readonly unpushed: number;
};

export function simulateSupervision(script: FaultScript): Outcome {
  const world = new BridgeWorld(script);
  let state = initialSupervisor("running", "auto");
  const restarts: number[] = [];
  const ends: Ended[] = [];
  let process: BridgeProcess | null = null;
  let last: Verdict | null = null;
  let dependenciesOkSinceS: number | null = null;
  let startNoEarlierS = 0;

  const end = (kind: EndKind, nowS: number): void => {
    if (process === null) return;
    ends.push({ atS: nowS, kind, truth: truthOf(process) });
    world.giveBack(process);
    process = null;
    state = takeResult(state, resultOf({ kind, nowS, state }), POLICY);
  };

  for (let nowS = 0; nowS < script.durationS; nowS += 1) {
    world.write(nowS);
    if (script.operatorRestarts.includes(nowS)) {
      state = takeCommand(state, { kind: "restart" }, POLICY);
      end("stopped", nowS);
    }
    if (script.workerKills.includes(nowS) && process !== null) {
      end("lost", nowS);
      startNoEarlierS = nowS + WORKER_BACK_S;
    }
    if (process === null && startNoEarlierS <= nowS && isDue(state.step, nowS)) {
      if (isCounted(state)) {
        restarts.push(nowS);
        const restart_times = [...state.restart_times, isoFromMs(nowS * 1_000)];
        state = { ...state, restart_times };
      }
      state = takeRun(state, { run_id: "run", life: state.life + 1 });
      process = world.spawn(nowS);
      dependenciesOkSinceS = null;
      if (isWithin(script.badStarts, nowS)) end("failed_start", nowS);
    }
    if (process === null) continue;
    hurt(process, script, nowS);
    world.work(process, nowS);
    if (script.crashes.includes(nowS)) {
      end("exited", nowS);
      continue;
    }
    if (process.isFrozen) {
      if (script.freezes.includes(nowS - SILENT_MAX_S)) end("frozen", nowS);
      continue;
    }
    const facts = world.facts(process, nowS);
    const isOk = hasWhatItNeeds(facts, SPEC.ties);
    dependenciesOkSinceS = isOk ? (dependenciesOkSinceS ?? nowS) : null;
    const observation: Observation = {
      phase: nowS - process.startedS < SPEC.startSeconds ? "starting" : "running",
      silentS: 0,
      rssBytes: world.rssBytes(process, nowS),
      cpuPercent: null,
      facts,
      dependenciesOkS: dependenciesOkSinceS === null ? 0 : nowS - dependenciesOkSinceS,
    };
    last = verdict(observation, SPEC);
    if (nowS % HEALTH_CHECK_S !== 0) continue;
    const recovery = decideRecovery(
      last,
      { observation, limits: SPEC },
      {
        mode: "auto",
        policy: POLICY,
        restartTimesMs: state.restart_times.map((at) => Date.parse(at)),
        nowMs: nowS * 1_000,
      },
    );
    if (recovery !== null) end(recovery.kind, nowS);
  }
  return {
    restarts,
    ends,
    last: process === null ? null : last,
    unpushed: world.unpushed(process),
  };
}

function hurt(process: BridgeProcess, script: FaultScript, nowS: number): void {
  if (script.freezes.includes(nowS)) process.isFrozen = true;
  if (script.wedges.includes(nowS)) process.isWedged = true;
  if (script.stuckLoops.includes(nowS)) process.isLoopStuck = true;
  if (script.leaks.includes(nowS)) process.leakSinceS ??= nowS;
}

function truthOf(process: BridgeProcess): Ended["truth"] {
  if (process.isFrozen) return "frozen";
  if (process.isWedged || process.isLoopStuck) return "wedged";
  return process.leakSinceS === null ? "nothing" : "leaking";
}

function isDue(step: NextStep, nowS: number): boolean {
  if (step.kind === "start") return true;
  return (step.kind === "restart" || step.kind === "fatal") && step.atMs <= nowS * 1_000;
}

function resultOf(ended: {
  readonly kind: EndKind;
  readonly nowS: number;
  readonly state: ReturnType<typeof initialSupervisor>;
}): RunResult {
  return {
    service: SPEC.name,
    kind: ended.kind,
    why: "simulated",
    life: ended.state.life,
    pid: null,
    exit_code: null,
    signal: null,
    started_at: null,
    at: isoFromMs(ended.nowS * 1_000),
    uptime_s: null,
    counters: {},
    last_log: [],
    restart_times: [...ended.state.restart_times],
    local_lives: [],
    unkillable_pids: [],
  };
}
