/**
 * The entity behind superviseService: receives commands and news, lets `supervise` decide, carries out the effects,
 * and publishes the state. Invariant: at most one run is open, because `run-<service>` is one workflow id.
 */
import {
  allHandlersFinished,
  condition,
  getExternalWorkflowHandle,
  proxyLocalActivities,
  setHandler,
  sleep,
} from "@temporalio/workflow";
import type { SignalDefinition } from "@temporalio/workflow";
import type { SupervisionActivities } from "../../activities/supervision.ts";
import type { NextStep } from "../../domain/supervision/next-step.ts";
import { supervise } from "../../domain/supervision/supervisor/supervise.ts";
import {
  newSupervision,
  type SupervisorRun,
  type SupervisionEffect,
  type SupervisionEvent,
} from "../../domain/supervision/supervisor/supervision.ts";
import type {
  SupervisorCommand,
  SupervisorState,
} from "../../domain/supervision/supervisor/supervisor-state.ts";
import type { ServiceStatus } from "../../wire/supervision.ts";
import {
  adoptRunSignal,
  endedSignal,
  endRunSignal,
  reportSignal,
} from "../messages/supervision.ts";
import { runIdOf } from "../names.ts";
import { createPublisher } from "../publisher.ts";
import { briefBeforeLearning, learnBrief } from "./service-brief.ts";
import { handleCommands } from "./service-commands.ts";
import { startServiceRun } from "./start-run.ts";
import { serviceStatusOf } from "./supervisor-status.ts";

const { describeRun, awaitRunClosed } = proxyLocalActivities<SupervisionActivities>({
  startToCloseTimeout: "10 seconds",
  retry: { maximumInterval: "5 seconds" },
});

/** How long an update waits beyond the service's own times. */
const COMMAND_MARGIN_MS = 15_000;
const WIND_UP_STEPS_MAX = 60;
const ONE_SECOND_MS = 1_000;

export class Supervisor {
  readonly #publisher = createPublisher();
  #now: SupervisorRun;

  constructor(service: string, state: SupervisorState) {
    this.#now = newSupervision(state, briefBeforeLearning(service));
    this.#handleNews();
    handleCommands({
      now: () => this.#now,
      command: (command, isEffective) => this.#command(command, isEffective),
      learned: () => condition(() => this.#now.isLearned),
      status: () => this.#status(),
    });
  }

  get state(): SupervisorState {
    return this.#now.state;
  }

  /** Asks the worker about the service, and the server about the run. */
  async learn(): Promise<void> {
    await this.#learnBrief();
    await this.#follow([{ kind: "inspect" }]);
    this.#take({ kind: "learned" });
  }

  /** No update waits for an answer, so that continue-as-new loses nothing. */
  isQuiet(): boolean {
    return allHandlersFinished();
  }

  /** Does what is due, or waits for the next news. */
  step(): Promise<void> {
    this.#publish();
    return this.#follow(this.#take({ kind: "turn" }));
  }

  /** Stops the service before the supervisor itself ends. */
  async windUp(): Promise<void> {
    if (!this.#now.isLearned) await this.learn();
    this.#take({ kind: "command", command: { kind: "stop" } });
    for (let steps = 0; this.state.run !== null && steps < WIND_UP_STEPS_MAX; steps += 1) {
      await this.step();
    }
    this.#take({ kind: "cancelled" });
    this.#publish();
  }

  #publish(): void {
    const { state, brief } = this.#now;
    this.#now = { ...this.#now, state: this.#publisher.publish(state, brief, Date.now()) };
  }

  /** Records an event; returns the effects that are still to be carried out. */
  #take(event: SupervisionEvent): readonly SupervisionEffect[] {
    const { next, effects } = supervise(this.#now, event);
    this.#now = next;
    return effects;
  }

  /** Carries out the effects, and those that follow from them. */
  async #follow(effects: readonly SupervisionEffect[]): Promise<void> {
    let left = effects;
    for (let [effect] = left; effect !== undefined; [effect] = left) {
      const done = this.#do(effect);
      // An effect without a wait must not be separated from what was published before it.
      const event = done === null ? null : await done;
      left = [...left.slice(1), ...(event === null ? [] : this.#take(event))];
    }
  }

  /** Null where nothing is waited for; else the resulting event, if there is one. */
  #do(effect: SupervisionEffect): Promise<SupervisionEvent | null> | null {
    switch (effect.kind) {
      case "time":
        void this.#time(effect.step, effect.delayMs);
        return null;
      case "start run":
        return this.#startServiceRun(effect);
      case "tell to end":
        return this.#tellToEnd(effect.runId);
      case "tell that it is adopted":
        return this.#signalRun(effect.runId, adoptRunSignal);
      case "await closed":
        return this.#awaitClosed(effect);
      case "inspect":
        return this.#inspect();
      case "wait":
        return this.#wait(effect.limitMs);
    }
  }

  async #time(step: NextStep, delayMs: number): Promise<void> {
    // A cancel ends the wait: nobody awaits this promise, so it must not reject.
    const isOver = await sleep(delayMs).then(
      () => true,
      () => false,
    );
    if (isOver) this.#take({ kind: "delay over", step });
  }

  async #startServiceRun(run: Extract<SupervisionEffect, { kind: "start run" }>): Promise<null> {
    const handle = await startServiceRun(this.#now, run);
    if (handle === null) {
      // An existing run, foreign or our own: it is adopted, and costs no budget.
      await this.#follow([{ kind: "inspect" }]);
      if (this.state.run === null) await sleep(ONE_SECOND_MS);
      return null;
    }
    const runId = handle.firstExecutionRunId;
    this.#take({ kind: "started", run: { run_id: runId, life: run.life } });
    handle.result().then(
      (result) => this.#take({ kind: "closed", runId, result }),
      () => this.#take({ kind: "closed", runId, result: null }),
    );
    return null;
  }

  async #tellToEnd(runId: string): Promise<SupervisionEvent> {
    await this.#signalRun(runId, endRunSignal);
    return { kind: "told to end" };
  }

  async #signalRun(runId: string, signal: SignalDefinition): Promise<null> {
    try {
      await getExternalWorkflowHandle(runIdOf(this.#now.brief.service), runId).signal(signal);
    } catch {
      this.#take({ kind: "signal failed" });
    }
    return null;
  }

  async #awaitClosed({
    runId,
    result,
  }: Extract<SupervisionEffect, { kind: "await closed" }>): Promise<SupervisionEvent> {
    await awaitRunClosed(this.#now.brief.service, runId);
    return { kind: "settled", result };
  }

  /** Describes the newest run. */
  async #inspect(): Promise<SupervisionEvent> {
    if (!this.#now.brief.hasSearchAttributes) await this.#learnBrief();
    const found = await describeRun(this.#now.brief.service);
    return { kind: "looked", found, nowMs: Date.now() };
  }

  async #learnBrief(): Promise<void> {
    const brief = await learnBrief(this.#now.brief.service);
    this.#take({ kind: "briefed", brief });
  }

  #handleNews(): void {
    setHandler(reportSignal, (report) => void this.#take({ kind: "report", report }), {
      description: "From the run: a new process, or a new verdict on it",
    });
    setHandler(endedSignal, (ended) => void this.#take({ kind: "ended", ...ended }), {
      description: "From the run: the record of a life that ended",
    });
  }

  /** Applies a command and answers once it took effect, or when its time is over. */
  async #command(
    command: SupervisorCommand,
    isEffective: (now: SupervisorRun) => boolean,
  ): Promise<ServiceStatus> {
    this.#take({ kind: "command", command });
    const { stopWaitMs, startMs } = this.#now.brief;
    const limitMs = stopWaitMs + startMs + COMMAND_MARGIN_MS;
    await condition(() => this.#now.isLearned && isEffective(this.#now), limitMs);
    this.#take({ kind: "answered" });
    return this.#status();
  }

  #status(): ServiceStatus {
    return serviceStatusOf(this.state, this.#now.brief, Date.now());
  }

  /** Waits for the next news; without any in time, the server is asked. */
  async #wait(limitMs: number | null): Promise<SupervisionEvent | null> {
    return (await this.#hasNews(limitMs)) ? null : this.#inspect();
  }

  /** False when there was none in time. */
  async #hasNews(limitMs: number | null): Promise<boolean> {
    const seen = this.#now.news;
    const isNews = (): boolean => this.#now.news !== seen;
    if (limitMs !== null) return condition(isNews, limitMs);
    await condition(isNews);
    return true;
  }
}
