/**
 * One service in the keeper: its process, its lives, and the restart policy while Temporal is away. Activity attempts
 * come and go; they only attach to it. Invariant: it has at most one process that can still be killed.
 */
import { isoFromMs } from "../../domain/time.ts";
import { setTimeout as delay } from "node:timers/promises";
import { assert } from "../../domain/assert.ts";
import { nextStep } from "../../domain/supervision/next-step.ts";
import type { EndKind, Mode, NextStep } from "../../domain/supervision/next-step.ts";
import { decideRecovery } from "../../domain/supervision/recovery.ts";
import { datedBy, restartsInWindow } from "../../domain/supervision/restart-policy.ts";
import type { RestartPolicy } from "../../domain/supervision/restart-policy.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { verdict } from "../../domain/supervision/verdict.ts";
import { beganLine, endedLine, restartedHereLine } from "../../wire/facts/life-lines.ts";
import type { LifeEnd, RunDetails, RunResult } from "../../wire/supervision.ts";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { endLeftover } from "../../adapters/process/leftover.ts";
import type { StuckProcesses } from "../../adapters/process/leftover.ts";
import { type Confinement, confine, ownPlaces } from "../../adapters/process/limits/confine.ts";
import { watchLife } from "./life-watch.ts";
import type { LifeWatch } from "./life-watch.ts";
import { capOutput, errorFile } from "../../adapters/process/output-file.ts";
import { isProcessAlive, startedTicks } from "../../adapters/process/process-facts.ts";
import { readRunFile, removeRunFile, writeRunFile } from "../../adapters/process/run-file.ts";
import { detailsBetweenLives, detailsOfLife, lifeEndOf } from "./run-records.ts";
import { everySteadily } from "../../adapters/process/steady-timer.ts";
import { startServiceProcess } from "../../adapters/process/service-process.ts";
import type {
  ServiceEnd,
  ServiceLaunch,
  ServiceProcess,
} from "../../adapters/process/service-process.ts";

/** This worker, as the keeper. */
const OWN = { pid: process.pid, started_ticks: startedTicks(process.pid) };

export type KeeperWorld = {
  readonly policy: RestartPolicy;
  readonly healthCheckMs: number;
  /** Folder of run/<service>.json. */
  readonly runFolder: string;
  readonly commandOf: (spec: ServiceSpec) => ServiceLaunch;
  /** Whether Temporal answers within half a second. */
  readonly temporalAnswers: () => Promise<boolean>;
  /** The mode set at the supervisor; null while Temporal is away. */
  readonly modeOf: (service: string) => Promise<Mode | null>;
  /** Why a process without an attached run is stopped; null while it keeps waiting, and while Temporal is away. */
  readonly whyStopOrphan: (service: string) => Promise<string | null>;
  readonly log: (level: "info" | "warn", text: string) => void;
};

export type RunRequest = {
  readonly life: number;
  readonly restartTimesMs: readonly number[];
  /** The first start of this run costs budget; local ones always do. */
  readonly isRestart: boolean;
  readonly mode: Mode;
  /** Undefined: the worker's default. */
  readonly restartsMax?: number | undefined;
};

/** An activity's handle to a kept service. */
export type Attachment = {
  readonly ended: Promise<RunResult>;
  /** Resolves when a newer attempt has attached. */
  readonly replaced: Promise<void>;
  readonly details: () => RunDetails;
  readonly setMode: (mode: Mode) => void;
  /** Ends the process and with it the run. */
  readonly stop: (why: string) => void;
  /** Leaves the process to the next attempt. */
  readonly detach: () => void;
};

type Attached = {
  readonly ended: PromiseWithResolvers<RunResult>;
  readonly replaced: PromiseWithResolvers<void>;
};
type Current = { readonly process: ServiceProcess; readonly watch: LifeWatch };

const TICK_MS = 1_000;
/** The next attempt or run attaches within this time, unless something else is wrong. */
const ADOPTION_MS_MAX = 15_000;
const ORPHAN_POLL_MS = 5_000;
const LOCAL_LIVES_MAX = 20;
const BYTES_PER_MIB = 1_048_576;

export class KeptService {
  readonly #spec: ServiceSpec;
  readonly #world: KeeperWorld;
  /** Processes of this service that survived SIGKILL; kept beyond this run. */
  readonly #stuck: StuckProcesses;
  readonly #over = Promise.withResolvers<void>();
  #life: number;
  #mode: Mode;
  #restartTimesMs: readonly number[];
  #policy: RestartPolicy;
  #current: Current | null = null;
  #lastEnd: LifeEnd | null = null;
  #step: NextStep = { kind: "start" };
  #limits = "";
  #localLives: readonly LifeEnd[] = [];
  #attached: Attached | null = null;
  #stopAsked: string | null = null;
  #wake = Promise.withResolvers<void>();
  #unadoptedMs = 0;
  #lastTickMs = monotonicMs();
  #lastHealthCheckMs = monotonicMs();

  constructor(spec: ServiceSpec, world: KeeperWorld, stuck: StuckProcesses) {
    this.#spec = spec;
    this.#world = world;
    this.#stuck = stuck;
    this.#life = 0;
    this.#mode = "auto";
    this.#restartTimesMs = [];
    this.#policy = world.policy;
  }

  /** Runs lives until the run is over. */
  async run(request: RunRequest): Promise<RunResult> {
    this.#life = request.life;
    this.#mode = request.mode;
    this.#restartTimesMs = request.restartTimesMs;
    const { restartsMax } = request;
    if (restartsMax !== undefined) this.#policy = { ...this.#policy, restartsMax };
    if (request.isRestart) this.#countRestart();
    const endTicks = everySteadily(TICK_MS, () => void this.#tick());
    do {
      await this.#liveOnce();
    } while (await this.#restartsHere());
    endTicks();
    assert(this.#lastEnd !== null, "a run is over when a life has ended");
    return this.#result(this.#lastEnd);
  }

  /** Delivers the result once the keeper has released the service. */
  settle(result: RunResult): void {
    this.#over.resolve();
    this.#attached?.ended.resolve(result);
  }

  attach(): Attachment {
    this.#attached?.replaced.resolve();
    const mine: Attached = {
      ended: Promise.withResolvers<RunResult>(),
      replaced: Promise.withResolvers<void>(),
    };
    this.#attached = mine;
    this.#unadoptedMs = 0;
    this.#wakeUp();
    return {
      ended: mine.ended.promise,
      replaced: mine.replaced.promise,
      details: () => this.details(),
      setMode: (mode) => {
        this.#mode = mode;
      },
      stop: (why) => {
        if (this.#attached === mine) this.stop(why);
      },
      detach: () => {
        if (this.#attached !== mine) return;
        this.#attached = null;
        this.#world.log("info", `${this.#spec.name}: released, waits for adoption`);
      },
    };
  }

  stop(why: string): void {
    this.#stopAsked ??= why;
    this.#current?.process.stop("stopped", why);
    this.#wakeUp();
  }

  get over(): Promise<void> {
    return this.#over.promise;
  }

  details(): RunDetails {
    const record = {
      service: this.#spec.name,
      life: this.#life,
      restart_times: this.#restartTimesMs.map(isoFromMs),
      unkillable_pids: this.#stuck.pids(),
      limits: this.#limits,
    };
    if (this.#current === null) return detailsBetweenLives(record, this.#lastEnd, this.#step);
    const { process, watch } = this.#current;
    return detailsOfLife(record, process, { watch, row: this.#spec });
  }

  async #liveOnce(): Promise<void> {
    const refusal = await this.#refusal();
    if (refusal !== null) {
      this.#lastEnd = lifeEndOf(this.#life, null, refusal);
      return;
    }
    let process: ServiceProcess;
    const confinement = confine(this.#spec.name, this.#spec.limits, ownPlaces());
    try {
      const command = confinement.wrap(this.#world.commandOf(this.#spec));
      process = startServiceProcess(this.#spec, command, {
        mayKill: async () => (await this.#followMode()) === "auto",
      });
    } catch (error) {
      const why = `no process: ${String(error)}`;
      this.#lastEnd = lifeEndOf(this.#life, null, { kind: "failed_start", why });
      confinement.leave();
      return;
    }
    if (process.pid !== null) confinement.enter(process.pid);
    this.#limits = confinement.words();
    this.#current = { process, watch: watchLife(process, this.#spec) };
    const began = beganLine(this.#spec.name, this.#life, `${process.pid}; ${this.#limits}`);
    this.#world.log("info", began);
    this.#keepRunFile(process);
    const end = withMemory(await process.ended, confinement, this.#spec);
    confinement.leave();
    this.#lastEnd = lifeEndOf(this.#life, process, end);
    this.#current = null;
    if (process.pid !== null) {
      if (end.kind === "unkillable") this.#stuck.add({ pid: process.pid, ticks: process.ticks });
      else removeRunFile(this.#world.runFolder, this.#spec.name, process.pid);
    }
    this.#world.log("info", endedLine(this.#spec.name, this.#life, end.why));
  }

  /** Why no process may be started now; first ends what an earlier worker left. */
  async #refusal(): Promise<{ readonly kind: EndKind; readonly why: string } | null> {
    const left = readRunFile(this.#world.runFolder, this.#spec.name);
    if (left !== null && !this.#stuck.pids().includes(left.pid)) {
      const named = { pid: left.pid, ticks: left.started_ticks };
      const isGone = await endLeftover(named, this.#spec.stopWaitSeconds * 1_000);
      if (!isGone) this.#stuck.add(named);
    }
    const stuck = this.#stuck.pids();
    if (1 < stuck.length) {
      return { kind: "unkillable", why: `pids ${stuck.join(", ")} cannot be killed` };
    }
    return this.#stopAsked === null ? null : { kind: "stopped", why: this.#stopAsked };
  }

  /**
   * Whether another life follows in this run: only while Temporal does not answer, because otherwise the supervisor
   * decides. Waits as long as neither is known.
   */
  async #restartsHere(): Promise<boolean> {
    const endedAtMs = wallMs();
    // Monotonic, so that a clock change does not prolong the wait.
    const sinceMs = monotonicMs();
    for (;;) {
      this.#step = this.#stepAfter(this.#lastEnd?.kind ?? "exited", endedAtMs);
      if (this.#stopAsked !== null) return false;
      const answers = await this.#world.temporalAnswers();
      if (answers && this.#attached !== null) return false;
      const passedMs = monotonicMs() - sinceMs;
      const waitMs = "atMs" in this.#step ? this.#step.atMs - endedAtMs - passedMs : TICK_MS;
      const isDue = "atMs" in this.#step && waitMs <= 0;
      if (!answers && isDue && this.#step.kind !== "observe") break;
      this.#wake = Promise.withResolvers<void>();
      await Promise.race([delay(Math.min(Math.max(waitMs, 50), TICK_MS)), this.#wake.promise]);
    }
    this.#countRestart();
    if (this.#lastEnd !== null) {
      this.#localLives = [...this.#localLives, this.#lastEnd].slice(-LOCAL_LIVES_MAX);
    }
    this.#life += 1;
    this.#world.log("warn", restartedHereLine(this.#spec.name));
    return true;
  }

  #countRestart(): void {
    const nowMs = wallMs();
    const counted = restartsInWindow(this.#policy, this.#restartTimesMs, nowMs);
    this.#restartTimesMs = [...counted, nowMs];
  }

  #stepAfter(end: EndKind, endedAtMs: number): NextStep {
    const situation = {
      intent: "running" as const,
      mode: this.#mode,
      end,
      unkillable: this.#stuck.pids().length,
      restartTimesMs: this.#restartTimesMs,
    };
    return nextStep(situation, this.#policy, endedAtMs);
  }

  async #tick(): Promise<void> {
    const nowMs = monotonicMs();
    const elapsedMs = Math.min(nowMs - this.#lastTickMs, 2 * TICK_MS);
    this.#lastTickMs = nowMs;
    this.#current?.watch.sample();
    if (this.#world.healthCheckMs <= nowMs - this.#lastHealthCheckMs) {
      this.#lastHealthCheckMs = nowMs;
      void this.#checkHealth();
    }
    if (this.#attached !== null || !(await this.#world.temporalAnswers())) return;
    // While Temporal is away nobody can adopt it, so only time in which it answers counts.
    this.#unadoptedMs += this.#attached === null ? elapsedMs : 0;
    if (this.#unadoptedMs < ADOPTION_MS_MAX) return;
    this.#unadoptedMs = ADOPTION_MS_MAX - ORPHAN_POLL_MS;
    const why = await this.#world.whyStopOrphan(this.#spec.name);
    if (why !== null && this.#attached === null) this.stop(why);
  }

  async #checkHealth(): Promise<void> {
    const { outFile } = this.#world.commandOf(this.#spec);
    for (const file of [outFile, errorFile(outFile)]) capOutput(file);
    if (this.#current !== null && !this.#isRunFileRight()) this.#keepRunFile(this.#current.process);
    // An operator's monitor-only mode must apply before anything is ended, not one check later.
    const mode = await this.#followMode();
    if (this.#current === null) return;
    const nowMs = wallMs();
    this.#restartTimesMs = datedBy(this.#policy, this.#restartTimesMs, nowMs);
    const observation = this.#current.watch.observation();
    const policy = this.#policy;
    const recovery = decideRecovery(
      verdict(observation, this.#spec),
      { observation, limits: this.#spec },
      { mode, policy, restartTimesMs: this.#restartTimesMs, nowMs },
    );
    if (recovery !== null) this.#current.process.stop(recovery.kind, recovery.why);
  }

  async #followMode(): Promise<Mode> {
    this.#mode = (await this.#world.modeOf(this.#spec.name)) ?? this.#mode;
    return this.#mode;
  }

  /** It is missing where the disk was full, or somebody has deleted it. */
  #isRunFileRight(): boolean {
    const run = readRunFile(this.#world.runFolder, this.#spec.name);
    return run !== null && isProcessAlive(run.pid, run.started_ticks);
  }

  #keepRunFile(process: ServiceProcess): void {
    if (process.pid === null) return;
    try {
      writeRunFile(this.#world.runFolder, {
        service: this.#spec.name,
        pid: process.pid,
        started_ticks: process.ticks,
        life: this.#life,
        started_at: isoFromMs(process.startedAtMs),
        keeper: OWN,
      });
    } catch (error) {
      this.#world.log("warn", `${this.#spec.name}: run file not written: ${String(error)}`);
    }
  }

  #result(end: LifeEnd): RunResult {
    return {
      ...end,
      service: this.#spec.name,
      restart_times: this.#restartTimesMs.map(isoFromMs),
      local_lives: [...this.#localLives],
      unkillable_pids: this.#stuck.pids(),
    };
  }

  #wakeUp(): void {
    this.#wake.resolve();
  }
}

/** The kernel's OOM killer leaves no reason in the exit status. */
function withMemory(end: ServiceEnd, confinement: Confinement, spec: ServiceSpec): ServiceEnd {
  if (!confinement.hasRunOut()) return end;
  const capMib = Math.round(spec.limits.memoryMaxBytes / BYTES_PER_MIB);
  return { ...end, why: `${end.why}: it exceeded its limit of ${capMib} MiB` };
}
