/**
 * Runs of a service as the server stores them, driven by random events: the effects of `supervise` are carried out
 * here, and whatever a real server, process or operator may do to a run happens.
 */
import { isoFromMs } from "../../../src/domain/time.ts";
import type { EndKind } from "../../../src/domain/supervision/next-step.ts";
import type {
  OpenRun,
  RunFound,
  ServiceRunRecord,
  ServiceBrief,
} from "../../../src/domain/supervision/supervisor/records.ts";
import { supervise } from "../../../src/domain/supervision/supervisor/supervise.ts";
import {
  newSupervision,
  type SupervisorRun,
  type SupervisionEffect,
  type SupervisionEvent,
} from "../../../src/domain/supervision/supervisor/supervision.ts";
import {
  type SupervisorCommand,
  initialSupervisor,
} from "../../../src/domain/supervision/supervisor/supervisor-state.ts";

export const BRIEF: ServiceBrief = {
  service: "x",
  layer: "scan",
  policy: {
    restartsMax: 3,
    windowMs: 600_000,
    delaysMs: [0, 5_000, 20_000],
    healthyAfterMs: 120_000,
    fatalRetryMs: 300_000,
  },
  newsMs: 60_000,
  startMs: 10_000,
  stopWaitMs: 10_000,
  hasSearchAttributes: true,
};

const COMMANDS: readonly SupervisorCommand[] = [
  { kind: "start" },
  { kind: "stop" },
  { kind: "restart" },
  { kind: "set mode", mode: "auto" },
  { kind: "set mode", mode: "monitor-only" },
];
const END_KINDS = ["exited", "failed_start", "frozen", "unhealthy", "lost"] as const;

export class ModelledRuns {
  now: SupervisorRun = newSupervision(initialSupervisor("running", "auto"), BRIEF);
  nowMs = Date.UTC(2026, 2, 25);
  /** Starts that cost budget. */
  readonly counted: number[] = [];
  /** What must never be, in words. */
  readonly faults: string[] = [];
  isResting = false;
  #open:
    | (OpenRun & { restart_times: readonly string[]; isEndAsked: boolean; isReported: boolean })
    | null = null;
  #last: Extract<RunFound, { kind: "closed" }> | null = null;
  #delay: Extract<SupervisionEffect, { kind: "time" }> | null = null;
  #delayOverMs = 0;
  #runs = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
    this.do({ kind: "looked", found: this.#found(), nowMs: this.nowMs });
    this.do({ kind: "learned" });
  }

  /** Takes an event, and does what follows from it. */
  do(event: SupervisionEvent): void {
    const { next, effects } = supervise(this.now, event);
    this.now = next;
    for (const effect of effects) this.#perform(effect);
  }

  turn(): void {
    this.isResting = false;
    this.do({ kind: "turn" });
  }

  /** Something happens, most of the time. */
  happen(): void {
    this.nowMs += Math.floor(this.#random() * this.#random() * 300_000);
    const chance = this.#random();
    if (chance < 0.25) this.#command();
    else if (chance < 0.5) this.#report();
    else if (chance < 0.75) this.#endRun();
    else if (chance < 0.8) this.#startByHand();
    if (0.9 < chance || this.#open?.isEndAsked === true) this.#endRun();
    this.#passDelay();
  }

  /** The open run ends. */
  endOpen(): void {
    this.#endRun();
  }

  #passDelay(): void {
    if (this.#delay === null || this.nowMs < this.#delayOverMs) return;
    const { step } = this.#delay;
    this.#delay = null;
    this.do({ kind: "delay over", step });
  }

  #command(): void {
    const command = this.#pick(COMMANDS);
    this.do({ kind: "command", command });
    const { news: _a, ...once } = this.now;
    const { news: _b, ...twice } = supervise(this.now, { kind: "command", command }).next;
    if (JSON.stringify(once) !== JSON.stringify(twice)) {
      this.faults.push(`${JSON.stringify(command)} twice is not the same as once`);
    }
  }

  #perform(effect: SupervisionEffect): void {
    switch (effect.kind) {
      case "start run":
        return this.#start(effect);
      case "time":
        this.#delay = effect;
        this.#delayOverMs = this.nowMs + effect.delayMs;
        return;
      case "tell to end":
        if (this.#open?.run_id !== effect.runId) this.do({ kind: "signal failed" });
        else this.#open.isEndAsked = true;
        return this.do({ kind: "told to end" });
      case "tell that it is adopted":
        if (this.#open?.run_id !== effect.runId) this.do({ kind: "signal failed" });
        return;
      case "await closed":
        return this.do({ kind: "settled", result: effect.result });
      case "inspect":
        return this.do({ kind: "looked", found: this.#found(), nowMs: this.nowMs });
      case "wait":
        this.isResting = true;
        // Without news for long the server is asked.
        if (effect.limitMs !== null && this.#random() < 0.3) this.#perform({ kind: "inspect" });
        return;
    }
  }

  #start(effect: Extract<SupervisionEffect, { kind: "start run" }>): void {
    if (this.now.state.run !== null) this.faults.push("a start while a run is open");
    if (this.#open !== null) return this.#perform({ kind: "inspect" });
    const { life, is_restart } = effect;
    if (is_restart) this.counted.push(this.nowMs);
    const own = is_restart ? [isoFromMs(this.nowMs)] : [];
    const run_id = this.#openRun(life, [...effect.restart_times, ...own]);
    this.do({ kind: "started", run: { run_id, life } });
  }

  #openRun(life: number, restart_times: readonly string[]): string {
    const run_id = `run ${++this.#runs}`;
    this.#open = { run_id, life, restart_times, isEndAsked: false, isReported: false };
    return run_id;
  }

  /** Another party starts the run beside the supervisor. */
  #startByHand(): void {
    if (this.#open === null) this.#openRun(this.now.state.life + 1, this.now.state.restart_times);
  }

  #report(): void {
    const open = this.#open;
    if (open === null) return;
    open.isReported = true;
    const { run_id, life, restart_times } = open;
    const details = {
      at: isoFromMs(this.nowMs),
      host: "here",
      pid: 7,
      started_at: isoFromMs(this.nowMs),
      word: "Healthy",
      cause: "none",
      reason: "",
      life,
      restart_times,
    } as const;
    const lost = this.#random() < 0.1 ? ({ lost: true } as const) : {};
    this.do({ kind: "report", report: { run_id, details, ...lost } });
  }

  #endRun(): void {
    const open = this.#open;
    if (open === null) return;
    const { run_id, life, isEndAsked } = open;
    this.#open = null;
    // Who terminates a run before its keeper said that it counted, has spent nothing of the budget.
    const isTerminated = open.isReported && this.#random() < 0.1;
    const kind = isEndAsked ? "stopped" : this.#pick(END_KINDS);
    const result = isTerminated ? null : this.#record(kind, open);
    const status = isTerminated ? "TERMINATED" : "COMPLETED";
    this.#last = { kind: "closed", runId: run_id, life, status, result };
    if (this.now.ownRunId === run_id) this.do({ kind: "closed", runId: run_id, result });
    else if (result !== null) this.do({ kind: "ended", run_id, result });
  }

  #record(
    kind: EndKind,
    open: { life: number; restart_times: readonly string[] },
  ): ServiceRunRecord {
    return {
      service: "x",
      kind,
      why: "chance",
      life: open.life,
      pid: null,
      exit_code: null,
      signal: null,
      started_at: null,
      at: isoFromMs(this.nowMs),
      uptime_s: null,
      counters: {},
      last_log: [],
      restart_times: open.restart_times,
      local_lives: [],
      unkillable_pids: [],
    };
  }

  #found(): RunFound {
    if (this.#open === null) return this.#last ?? { kind: "absent" };
    return { kind: "open", runId: this.#open.run_id, life: this.#open.life, details: null };
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }
}
