/**
 * The entity behind superviseService: it takes commands and news, starts and ends runs, and
 * publishes what it knows. All decisions are in supervisor-state.ts.
 * Invariant: at most one run is open, because `run-<service>` is one workflow id.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  proxyLocalActivities,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from "@temporalio/workflow";
import type { ChildWorkflowHandle, SignalDefinition } from "@temporalio/workflow";
import {
  ActivityFailure,
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
} from "@temporalio/common";
import type { SupervisionActivities } from "../activities/supervision.ts";
import type { NextStep } from "../domain/supervision/next-step.ts";
import type { RunResult, ServiceStatus } from "../wire/supervision.ts";
import { expectNoArgument, invalidInput, readMode } from "./input.ts";
import {
  adoptRunSignal,
  endedSignal,
  endRunSignal,
  reportSignal,
  restartUpdate,
  setModeUpdate,
  startUpdate,
  statusQuery,
  stopUpdate,
} from "./messages.ts";
import type { RunEnded, RunReport, ServiceBrief } from "./messages.ts";
import { runIdOf, SERVICE_RUN } from "./names.ts";
import { createPublisher, searchAttributesOf } from "./publisher.ts";
import type { serviceRun } from "./service-run.ts";
import {
  commandRestart,
  commandSetMode,
  commandStart,
  commandStop,
  statusOf,
  takeClosed,
  takeDetails,
  takeResult,
  takeRun,
  isCounted,
} from "./supervisor-state.ts";
import type { SupervisorState } from "./supervisor-state.ts";

const { describeService, describeRun, awaitRunClosed } =
  proxyLocalActivities<SupervisionActivities>({
    startToCloseTimeout: "10 seconds",
    retry: { maximumInterval: "5 seconds" },
  });

/** What an update waits for beyond the times that the service itself may take. */
const COMMAND_MARGIN_MS = 15_000;
const WIND_UP_STEPS_MAX = 60;
const ONE_SECOND_MS = 1_000;

type Closed = { readonly runId: string; readonly result: RunResult | null };
type Run = NonNullable<SupervisorState["run"]>;

/**
 * Invariant: no decision depends on `Date.now()`. A query that reaches a new worker before its first
 * task has the SDK run ahead with the time of an older task, and a replay would then decide
 * otherwise (measured: a supervisor stood still for good). Times come from records and steps.
 */
export class Supervisor {
  readonly state: SupervisorState;
  readonly #publisher = createPublisher();
  #brief: ServiceBrief;
  #isLearned = false;
  /** Counts every piece of news, so that a wait ends at any of them. */
  #revision = 0;
  /** What the run tells is not enough: ask the server. */
  #mustLook = false;
  /** The step that is being waited for, and whether its delay is over. */
  #timed: NextStep | null = null;
  #isDue = false;
  #starts = 0;
  /** The run that this workflow run started: the server itself tells of its close. */
  #ownRunId: string | null = null;
  #closed: Closed | null = null;
  #ended: RunEnded | null = null;
  #report: RunReport | null = null;
  #toldToEnd: string | null = null;
  #adoptedRunId: string | null = null;

  constructor(service: string, state: SupervisorState) {
    this.state = state;
    this.#brief = briefBeforeLearning(service);
    this.#handleNews();
    this.#handleCommands();
  }

  /** Asks the worker what the service is, and the server how its run stands. */
  async learn(): Promise<void> {
    await this.#learnBrief();
    await this.#look();
    this.#isLearned = true;
    this.#bump();
  }

  /** Nobody waits for an answer, so that continue-as-new loses nothing. */
  isQuiet(): boolean {
    return allHandlersFinished();
  }

  /** Does what is due, or waits for the next piece of news. */
  async step(): Promise<void> {
    this.#publisher.publish(this.state, this.#brief, Date.now());
    if (this.state.run === null) await this.#betweenRuns();
    else await this.#duringRun(this.state.run);
  }

  /** Stops the service before the supervisor itself goes. */
  async windUp(): Promise<void> {
    if (!this.#isLearned) await this.learn();
    commandStop(this.state);
    for (let steps = 0; this.state.run !== null && steps < WIND_UP_STEPS_MAX; steps += 1) {
      await this.step();
    }
    this.state.reason = "its supervisor was cancelled; `dolphin create` starts it again";
    this.#publisher.publish(this.state, this.#brief, Date.now());
  }

  async #betweenRuns(): Promise<void> {
    const { step } = this.state;
    if (step.kind === "start") return this.#startRun();
    if (step.kind !== "restart" && step.kind !== "fatal") {
      await this.#news(null);
      return;
    }
    if (this.#timed !== step) this.#time(step, step.atMs - (this.state.ending?.at_ms ?? step.atMs));
    if (this.#isDue) return this.#startRun();
    await this.#news(null);
  }

  async #duringRun(run: Run): Promise<void> {
    if (this.state.is_end_asked && this.#toldToEnd !== run.run_id) await this.#tellToEnd(run);
    const record = this.#ended?.run_id === run.run_id ? this.#ended.result : null;
    if (this.#closed?.runId === run.run_id) {
      const result = this.#closed.result ?? record;
      return result === null ? this.#look() : takeResult(this.state, result, this.#brief.policy);
    }
    if (record !== null && this.#ownRunId !== run.run_id) {
      // It says so shortly before it is closed, and its id is taken until then.
      await awaitRunClosed(this.#brief.service, run.run_id);
      return takeResult(this.state, record, this.#brief.policy);
    }
    if (this.#mustLook || !(await this.#news(this.#brief.newsMs))) await this.#look();
  }

  /** The step becomes due when its delay has passed; at once when it has none. */
  #time(step: NextStep, delayMs: number): void {
    this.#timed = step;
    this.#isDue = delayMs <= 0;
    if (!this.#isDue) void this.#becomeDue(step, delayMs);
  }

  async #becomeDue(step: NextStep, delayMs: number): Promise<void> {
    // A cancel ends the wait: nobody awaits this promise, so it must not reject.
    const isOver = await sleep(delayMs).then(
      () => true,
      () => false,
    );
    if (!isOver || this.#timed !== step) return;
    this.#isDue = true;
    this.#bump();
  }

  async #startRun(): Promise<void> {
    const { state } = this;
    const { service } = this.#brief;
    const life = state.life + 1;
    const restart_times = state.restart_times;
    const is_restart = isCounted(state);
    try {
      // A cancel of this workflow must not reach the run behind our back: windUp ends it.
      const handle = await CancellationScope.nonCancellable(() =>
        startChild<typeof serviceRun>(SERVICE_RUN, {
          workflowId: runIdOf(service),
          args: [{ service, life, restart_times, is_restart, mode: state.mode }],
          parentClosePolicy: ParentClosePolicy.ABANDON,
          staticSummary: `${service} life ${life}`,
          staticDetails: `Life ${life} of **${service}**; its result is the record of how it ended.`,
          memo: { service, life },
          typedSearchAttributes: searchAttributesOf(this.#brief, "Running"),
        }),
      );
      this.#take({ run_id: handle.firstExecutionRunId, life });
      this.#own(handle);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      // Somebody else's run, or one of ours that lives on: it is adopted, and costs no budget.
      await this.#look();
      if (state.run === null) await sleep(ONE_SECOND_MS);
    }
  }

  #take(run: Run): void {
    takeRun(this.state, run);
    this.#starts += 1;
    // A stop may have come while the start was under way.
    this.state.is_end_asked = this.state.intent === "stopped";
    if (this.#report?.run_id === run.run_id) takeDetails(this.state, this.#report.details);
  }

  #own(handle: ChildWorkflowHandle<typeof serviceRun>): void {
    const runId = handle.firstExecutionRunId;
    const close = (result: RunResult | null): void => {
      this.#closed = { runId, result };
      this.#bump();
    };
    this.#ownRunId = runId;
    handle.result().then(close, () => close(null));
  }

  async #tellToEnd(run: Run): Promise<void> {
    this.#toldToEnd = run.run_id;
    await this.#signalRun(run.run_id, endRunSignal);
  }

  async #signalRun(runId: string, signal: SignalDefinition): Promise<void> {
    try {
      await getExternalWorkflowHandle(runIdOf(this.#brief.service), runId).signal(signal);
    } catch {
      // It is over already; a look says how it ended.
      this.#mustLook = true;
    }
  }

  /** Describes the newest run: adopts an open one, takes note of an end that nobody told. */
  async #look(): Promise<void> {
    if (!this.#brief.hasSearchAttributes) await this.#learnBrief();
    const found = await describeRun(this.#brief.service);
    const { state } = this;
    const now = { policy: this.#brief.policy, ms: Date.now() };
    this.#mustLook = false;
    if (found.kind === "open") {
      if (state.run?.run_id !== found.runId) {
        this.#take({ run_id: found.runId, life: Math.max(found.life, 1) });
      }
      if (found.details !== null) takeDetails(state, found.details);
      await this.#adopt(found.runId);
      return;
    }
    if (state.run === null) {
      // A new supervisor goes on counting where the last run of an earlier one stopped.
      if (found.kind === "absent" || found.life <= state.life) return;
      state.life = found.life;
      state.restart_times = found.result?.restart_times ?? state.restart_times;
      return;
    }
    const isOurs = found.kind === "closed" && found.runId === state.run.run_id;
    if (isOurs && found.result !== null) takeResult(state, found.result, now.policy);
    else takeClosed(state, isOurs ? found.status : "gone", now);
  }

  /** Asks a run that this workflow run did not start to tell of its end. */
  async #adopt(runId: string): Promise<void> {
    if (this.#ownRunId === runId || this.#adoptedRunId === runId) return;
    this.#adoptedRunId = runId;
    await this.#signalRun(runId, adoptRunSignal);
  }

  async #learnBrief(): Promise<void> {
    try {
      this.#brief = await describeService(this.#brief.service, workflowInfo().taskQueue);
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : undefined;
      if (cause instanceof ApplicationFailure && cause.type === "InvalidInput") {
        throw invalidInput(cause.message);
      }
      throw error;
    }
  }

  #handleNews(): void {
    setHandler(
      reportSignal,
      (report) => {
        this.#report = report;
        if (this.state.run?.run_id !== report.run_id) return;
        takeDetails(this.state, report.details);
        this.#bump();
      },
      { description: "From the run: another process, or another verdict on it" },
    );
    setHandler(
      endedSignal,
      (ended) => {
        this.#ended = ended;
        this.#bump();
      },
      { description: "From the run: the record of a life that is over" },
    );
  }

  #handleCommands(): void {
    const { state } = this;
    const validator = expectNoArgument;
    setHandler(
      startUpdate,
      () =>
        this.#command(
          () => commandStart(state),
          () => this.#isStarted(),
        ),
      { validator, description: "Starts the service, if it is not running; answers its status" },
    );
    setHandler(
      stopUpdate,
      () =>
        this.#command(
          () => commandStop(state),
          () => state.run === null,
        ),
      { validator, description: "Stops the service and keeps it stopped; answers its status" },
    );
    setHandler(
      restartUpdate,
      () => {
        const target = this.#starts + 1;
        const isDone = (): boolean => target <= this.#starts && this.#isStarted();
        return this.#command(() => commandRestart(state), isDone);
      },
      { validator, description: "Ends the running life and starts the next, at no cost of budget" },
    );
    setHandler(
      setModeUpdate,
      async (raw) => {
        await condition(() => this.#isLearned);
        const change = (): void => commandSetMode(state, readMode(raw), this.#brief.policy);
        return this.#command(change, () => true);
      },
      {
        validator: (raw) => void readMode(raw),
        description: "auto: restarts by policy; monitor-only: says what it would do",
      },
    );
    setHandler(statusQuery, () => this.#status(), {
      description: "What the service is doing, why, and what comes next",
    });
  }

  /** Applies a command and answers once it took effect, or when it takes longer than it may. */
  async #command(apply: () => void, isEffective: () => boolean): Promise<ServiceStatus> {
    apply();
    this.#bump();
    const limitMs = this.#brief.stopWaitMs + this.#brief.startMs + COMMAND_MARGIN_MS;
    await condition(() => this.#isLearned && isEffective(), limitMs);
    this.#bump();
    return this.#status();
  }

  #isStarted(): boolean {
    const { run, pid, is_end_asked, step } = this.state;
    return run === null ? step.kind !== "start" : pid !== null && !is_end_asked;
  }

  #status(): ServiceStatus {
    return statusOf(this.state, this.#brief, Date.now());
  }

  /** False when there was none in time. */
  async #news(limitMs: number | null): Promise<boolean> {
    const seen = this.#revision;
    const isNews = (): boolean => this.#revision !== seen;
    if (limitMs !== null) return condition(isNews, limitMs);
    await condition(isNews);
    return true;
  }

  #bump(): void {
    this.#revision += 1;
  }
}

function briefBeforeLearning(service: string): ServiceBrief {
  return {
    service,
    layer: workflowInfo().taskQueue.replace(/^dolphin-/, ""),
    policy: { restartsMax: 1, windowMs: 0, delaysMs: [0], fatalRetryMs: 0 },
    newsMs: 0,
    startMs: 0,
    stopWaitMs: 0,
    hasSearchAttributes: false,
  };
}
