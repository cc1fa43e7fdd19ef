/**
 * Months of supervisors, metaHealth and diagnosis, all with the real pure code, over a simulated world. The clock jumps
 * from one time at which something may happen to the next. The transport is not modelled: calls take no time, and
 * reports made while Temporal is away arrive when it is back.
 */
import { isoFromMs } from "../../../src/domain/time.ts";
import { diagnose, type Diagnosis } from "../../../src/domain/health/diagnose.ts";
import {
  decide,
  type RecoveryDecision,
  initialRecovery,
  type News,
  transitionKey,
} from "../../../src/domain/health/recovery.ts";
import { RECOVERY_POLICY, type RecoveryPolicy } from "../../../src/domain/health/recovery-rules.ts";
import type { EndKind } from "../../../src/domain/supervision/next-step.ts";
import { decideRecovery } from "../../../src/domain/supervision/recovery.ts";
import {
  datedBy,
  type RestartPolicy,
  restartsInWindow,
} from "../../../src/domain/supervision/restart-policy.ts";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import { hasWhatItNeeds, SILENT_MAX_S, verdict } from "../../../src/domain/supervision/verdict.ts";
import {
  answerToRecovery,
  initialSupervisor,
  isCounted,
  restartTimesMs,
  type SupervisorState,
  takeCommand,
  takeResult,
  takeRun,
} from "../../../src/domain/supervision/supervisor/supervisor-state.ts";
import { Agenda } from "./agenda.ts";
import {
  type Blow,
  type Hurt,
  type MonthScript,
  type ScriptEvent,
  SERVICES_HURT,
} from "./month-script.ts";
import { factsOf, GRAPH, observe, sampleOf } from "./simulated-sample.ts";
import { HealthVoice } from "./health-voice.ts";
import type { Considered, Ended, Outcome, Truth } from "./outcome.ts";
import { lifeResult } from "./life-result.ts";
import { Repairs } from "./repairs.ts";
import { type Process, SimulatedWorld } from "./simulated-world.ts";

export const RESTART_POLICY: RestartPolicy = {
  restartsMax: 3,
  windowMs: 600_000,
  delaysMs: [0, 5_000, 20_000],
  healthyAfterMs: 120_000,
  fatalRetryMs: 300_000,
  datesAnew: true,
};
const SAMPLE_S = 5;
const HEALTH_CHECK_S = 30;
const WORKER_BACK_S = 7;
const LEARNED_TO_END_S = 1;

export type Options = {
  readonly restartPolicy?: RestartPolicy;
  readonly recoveryPolicy?: RecoveryPolicy;
  /** For planted faults: what metaHealth is told instead of the diagnosis, and what it decides instead. */
  readonly reported?: (diagnosis: Diagnosis) => Diagnosis;
  readonly decided?: (decision: RecoveryDecision) => RecoveryDecision;
  /** Looks at every tick, as the real ones do; the outcome must be the same. */
  readonly isEveryTick?: boolean;
};

type Kept = {
  readonly name: Hurt;
  state: SupervisorState;
  /** When the next life starts; null: it is not to. */
  dueS: number | null;
  okSinceS: number | null;
};

export function simulateMonth(script: MonthScript, options: Options = {}): Outcome {
  const simulation = new Simulation(script, options);
  simulation.run();
  return simulation.outcome();
}

class Simulation {
  readonly #script: MonthScript;
  readonly #options: Options;
  readonly #restartPolicy: RestartPolicy;
  readonly #policy: RecoveryPolicy;
  readonly #world = new SimulatedWorld();
  readonly #agenda = new Agenda();
  readonly #kept: ReadonlyMap<Hurt, Kept>;
  readonly #restarts: { service: Hurt; atS: number }[] = [];
  readonly #ends: Ended[] = [];
  readonly #repairs = new Repairs(this.#world);
  readonly #considered: Considered[] = [];
  readonly #words = new Set<string>();
  readonly #clockForwardS: number[] = [];
  #recovery = initialRecovery("auto");
  #key = "";
  #unreported: Diagnosis[] = [];
  #wakeS: number | null = null;
  #workerBackS = 0;
  readonly #voice = new HealthVoice(SAMPLE_S);
  #next = 0;
  #lookedAt = 0;

  constructor(script: MonthScript, options: Options) {
    this.#script = script;
    this.#options = options;
    this.#restartPolicy = options.restartPolicy ?? RESTART_POLICY;
    this.#policy = options.recoveryPolicy ?? RECOVERY_POLICY;
    this.#kept = new Map(
      SERVICES_HURT.map((name) => {
        this.#world.processes.set(name, null);
        const state = initialSupervisor("running", "auto");
        return [name, { name, state, dueS: 0, okSinceS: null }];
      }),
    );
  }

  run(): void {
    this.#agenda.add(0);
    for (const { atS } of this.#script.events) this.#agenda.add(atS);
    for (;;) {
      const atS = this.#agenda.next();
      if (atS === null || this.#script.durationS < atS) return;
      this.#at(atS);
    }
  }

  outcome(): Outcome {
    const wrong = [...this.#kept.values()].flatMap(({ name, state }) => {
      const process = this.#world.processes.get(name) ?? null;
      if (state.intent === "stopped") return process === null ? [] : [`${name} runs`];
      if (process === null) return [`${name} does not run: ${state.reason}`];
      return Object.keys(process.hurt).map((blow) => `${name} is hurt by ${blow}`);
    });
    return {
      script: this.#script,
      policy: this.#policy,
      restarts: this.#restarts,
      ends: this.#ends,
      repairs: this.#repairs.all,
      considered: this.#considered,
      clockForwardS: this.#clockForwardS,
      lookedAt: this.#lookedAt,
      words: this.#words,
      wrong,
    };
  }

  #at(nowS: number): void {
    this.#lookedAt += 1;
    this.#world.advance(nowS);
    this.#repairs.excuse((service) => this.#isStopped(service));
    const { events } = this.#script;
    for (let event = events[this.#next]; event?.atS === nowS; event = events[this.#next]) {
      this.#next += 1;
      this.#take(event);
    }
    for (const kept of this.#kept.values()) this.#keep(kept);
    // One that is started anew tells of how it finds things, whatever an earlier one told.
    if (this.#voice.follow(this.#isHealthUp(), nowS) === "lost") this.#key = "";
    if (nowS % HEALTH_CHECK_S === 0) {
      for (const kept of this.#kept.values()) this.#checkHealth(kept);
    }
    if (nowS % SAMPLE_S === 0 && this.#isHealthUp()) this.#sample();
    this.#metaHealth();
    this.#repairs.follow((service) => this.#isStopped(service));
    this.#plan(nowS);
  }

  /** The next times at which anything may be otherwise, each with the looks that follow it. */
  #plan(nowS: number): void {
    const add = (atS: number): void => {
      if (nowS < atS) this.#agenda.add(atS);
    };
    const poll = (atS: number): void => {
      if (atS < nowS) return;
      add(atS);
      add(Math.ceil(atS / SAMPLE_S) * SAMPLE_S);
      add(Math.ceil(atS / HEALTH_CHECK_S) * HEALTH_CHECK_S);
    };
    if (this.#options.isEveryTick === true) add((Math.floor(nowS / SAMPLE_S) + 1) * SAMPLE_S);
    poll(nowS);
    for (const atS of this.#world.crossings()) poll(atS);
    for (const { dueS, name, okSinceS } of this.#kept.values()) {
      if (dueS !== null) poll(dueS);
      if (okSinceS !== null) for (const ageS of [60, 61, 300, 301]) poll(okSinceS + ageS);
      const process = this.#world.processes.get(name) ?? null;
      if (process !== null) poll(process.startedS + SERVICES[name].startSeconds);
      if (process !== null && 0 < Object.keys(process.hurt).length) {
        for (const atMs of restartTimesMs(this.#kept.get(name)!.state)) {
          const leavesMs = atMs + this.#restartPolicy.windowMs - this.#world.wallMs();
          poll(nowS + Math.ceil(leavesMs / 1_000));
        }
      }
    }
    if (this.#wakeS !== null) add(this.#wakeS);
    poll(this.#workerBackS);
  }

  #take(event: ScriptEvent): void {
    this.#world.take(event);
    if (event.kind === "clock" && 0 < event.byS) this.#clockForwardS.push(event.atS);
    if (event.kind === "blow") this.#hurt(event.service, event.blow, event.isUnseen);
    if (event.kind === "command") this.#command(this.#kept.get(event.service)!, event.command);
    if (event.kind !== "worker-killed") return;
    this.#workerBackS = event.atS + WORKER_BACK_S;
    for (const kept of this.#kept.values()) this.#end(kept, "lost", "itself");
  }

  #hurt(service: Hurt, blow: Blow, isUnseen: boolean): void {
    const process = this.#world.processes.get(service) ?? null;
    if (process === null) return;
    this.#repairs.add(service, blow, isUnseen || process.isUnseen);
    if (blow === "crash") {
      const isEarly = this.#world.nowS - process.startedS < SERVICES[service].startSeconds;
      process.hurt.crash = this.#world.nowS;
      this.#end(this.#kept.get(service)!, isEarly ? "failed_start" : "exited", "itself");
      return;
    }
    process.hurt[blow] ??= this.#world.nowS;
    process.isUnseen ||= isUnseen;
  }

  #command(kept: Kept, command: "stop" | "start" | "restart"): void {
    // Told to a supervisor; while Temporal is away the operator finds nobody.
    if (this.#world.is("temporal")) return;
    kept.state = takeCommand(kept.state, { kind: command }, this.#restartPolicy);
    if (kept.state.run === null) this.#follow(kept);
    else if (command !== "start") this.#end(kept, "stopped", "operator");
  }

  #keep(kept: Kept): void {
    const { nowS } = this.#world;
    const process = this.#world.processes.get(kept.name) ?? null;
    if (process === null) {
      if (kept.dueS !== null && kept.dueS <= nowS && this.#isWorkerUp()) this.#start(kept);
      return;
    }
    const frozenS = process.hurt.freeze ?? Infinity;
    if (frozenS + SILENT_MAX_S <= nowS) return this.#end(kept, "frozen", "supervisor");
    const isOk = hasWhatItNeeds(factsOf(this.#world, kept.name), SERVICES[kept.name].ties);
    kept.okSinceS = isOk ? (kept.okSinceS ?? nowS) : null;
  }

  #start(kept: Kept): void {
    const { state, name } = kept;
    if (isCounted(state)) {
      this.#restarts.push({ service: name, atS: this.#world.nowS });
      this.#noteRestarts(kept, this.#world.wallMs());
    }
    kept.state = takeRun(kept.state, { run_id: "run", life: state.life + 1 });
    kept.dueS = null;
    kept.okSinceS = null;
    this.#world.processes.set(name, this.#world.spawn());
    if (this.#world.is("bad-starts", name)) this.#end(kept, "failed_start", "itself");
  }

  #end(kept: Kept, kind: EndKind, by: Ended["by"]): void {
    const process = this.#world.processes.get(kept.name) ?? null;
    if (process === null) return;
    this.#ends.push({
      service: kept.name,
      atS: this.#world.nowS,
      kind,
      truth: this.#truthOf(kept.name, process, kind),
      by,
    });
    this.#world.processes.set(kept.name, null);
    const record = lifeResult(kept, kind, this.#world.wallMs());
    kept.state = takeResult(kept.state, record, this.#restartPolicy);
    this.#follow(kept);
  }

  #truthOf(name: Hurt, { hurt }: Process, kind: EndKind): Truth {
    if (kind === "lost") return "lost";
    if (kind === "failed_start" && this.#world.is("bad-starts", name)) return "bad-start";
    for (const blow of ["crash", "freeze", "wedge", "stuck-loop", "leak"] as const) {
      if (hurt[blow] !== undefined) return blow;
    }
    return "nothing";
  }

  #follow(kept: Kept): void {
    const { step } = kept.state;
    const { nowS } = this.#world;
    if (step.kind === "start") kept.dueS = nowS + LEARNED_TO_END_S;
    else if (step.kind === "restart" || step.kind === "fatal") {
      kept.dueS =
        nowS + Math.max(LEARNED_TO_END_S, Math.ceil((step.atMs - this.#world.wallMs()) / 1_000));
    } else kept.dueS = null;
  }

  /** Nobody could start it, or nobody wants it. */
  #isStopped(service: Hurt): boolean {
    return !this.#isWorkerUp() || this.#kept.get(service)!.state.intent === "stopped";
  }

  #isWorkerUp(): boolean {
    return this.#workerBackS <= this.#world.nowS;
  }

  #isHealthUp(): boolean {
    return this.#isWorkerUp() && !this.#world.is("health-away");
  }

  #dependenciesOkS({ okSinceS }: Kept): number {
    return okSinceS === null ? 0 : this.#world.nowS - okSinceS;
  }

  #checkHealth(kept: Kept): void {
    const { name } = kept;
    const process = this.#world.processes.get(name) ?? null;
    if (process === null) return;
    this.#noteRestarts(kept);
    const { state } = kept;
    if (process.isUnseen || process.hurt.freeze !== undefined) return;
    const observation = observe(this.#world, name, this.#dependenciesOkS(kept));
    const limits = SERVICES[name];
    const recovery = decideRecovery(
      verdict(observation, limits),
      { observation, limits },
      {
        mode: state.mode,
        policy: this.#restartPolicy,
        restartTimesMs: restartTimesMs(state),
        nowMs: this.#world.wallMs(),
      },
    );
    if (recovery !== null) this.#end(kept, recovery.kind, "supervisor");
  }

  /** Its keeper dates them by the clock as it is, whatever else it sees of it, and tells of that at once. */
  #noteRestarts(kept: Kept, ...more: readonly number[]): void {
    const known = restartTimesMs(kept.state);
    const times = [...datedBy(this.#restartPolicy, known, this.#world.wallMs()), ...more];
    kept.state = { ...kept.state, restart_times: times.map(isoFromMs) };
  }

  #sample(): void {
    const sample = sampleOf(this.#world, (name) => {
      const kept = this.#kept.get(name)!;
      const within = restartsInWindow(
        this.#restartPolicy,
        restartTimesMs(kept.state),
        this.#world.wallMs(),
      );
      const dependenciesOkS = this.#dependenciesOkS(kept);
      return { state: kept.state, dependenciesOkS, restartsInWindow: within.length };
    });
    const found = diagnose(sample, GRAPH);
    const key = transitionKey(found);
    if (key === this.#key) return;
    this.#key = key;
    this.#words.add(found.word);
    this.#unreported.push(this.#options.reported?.(found) ?? found);
  }

  /** Hears what is untold, and wakes when it asked for it, where Temporal and its worker are there. */
  #metaHealth(): void {
    if (this.#world.is("temporal") || !this.#isWorkerUp()) return;
    const unreported = this.#unreported.splice(0);
    for (const diagnosis of unreported) this.#consider(diagnosis);
    if (this.#wakeS !== null && this.#wakeS <= this.#world.nowS) this.#consider(null);
  }

  #consider(diagnosis: Diagnosis | null): void {
    const restartsMs = Object.fromEntries(
      [...this.#kept.values()].map(({ name, state }) => [name, restartTimesMs(state)]),
    );
    const healthAgeMs = this.#voice.ageS(this.#world.nowS) * 1_000;
    const news: News = { atMs: this.#world.wallMs(), diagnosis, healthAgeMs, restartsMs };
    const before = this.#recovery;
    const { state, decisions } = decide(before, news, this.#policy);
    this.#recovery = state;
    const decided = decisions.map((one) => this.#options.decided?.(one) ?? one);
    if (0 < decided.length) this.#considered.push({ before, news, decisions: decided });
    this.#wakeS =
      state.wakeAtMs === null
        ? null
        : this.#world.nowS + Math.max(1, Math.ceil((state.wakeAtMs - news.atMs) / 1_000));
    for (const decision of decided) if (decision.action === "restart") this.#carryOut(decision);
  }

  #carryOut({ id, target, says, atMs }: RecoveryDecision): void {
    const kept = SERVICES_HURT.map((name) => this.#kept.get(name)!).find(
      ({ name }) => name === target?.name,
    );
    if (kept === undefined) return;
    const order = { kind: "recover", decision: id, why: says, atMs } as const;
    const { isNew } = answerToRecovery(kept.state, order, this.#restartPolicy);
    kept.state = takeCommand(kept.state, order, this.#restartPolicy);
    if (isNew) this.#end(kept, "stopped", "metaHealth");
  }
}
