/**
 * Decides recoveries and never ends: receives each transition of the diagnosis by signal, and carries out the
 * decisions of domain/health/recovery through the services' supervisors. Invariants: items are handled one by one in
 * the order of arrival, because a query may make the SDK run ahead, so that items of two tasks arrive in one; the
 * commands must not depend on that. No decision depends on `Date.now()`: the time comes with the preceding look.
 */
import {
  allHandlersFinished,
  condition,
  log,
  makeContinueAsNewFunc,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import { ActivityFailure } from "@temporalio/common";
import type { HealthActivities } from "../../activities/health.ts";
import {
  decide,
  type RecoveryDecision,
  type RecoveryOutcome,
  type Transition,
  withMode,
} from "../../domain/health/recovery.ts";
import type { Mode } from "../../domain/supervision/next-step.ts";
import type { MetaHealthStatus } from "../../wire/health/meta-health-status.ts";
import { integerFrom, invalidInput, MODE, openInput, yesOrNo } from "../input.ts";
import { carriedWith, heedCancel, isRollDue } from "../roll-over.ts";
import {
  metaHealthQuery,
  type MetaHealthInput,
  type MetaHealthState,
  type RecoveryObservation,
  setRecoveryModeUpdate,
  transitionSignal,
} from "../messages/health.ts";
import { META_HEALTH_ID } from "../names.ts";
import { searchAttributesOf } from "../publisher.ts";
import { isoFromMs } from "../../domain/time.ts";
import {
  initialMetaHealth,
  metaHealthText,
  statusOfMetaHealth,
  takeDecisions,
  takeOutcome,
} from "./meta-health-state.ts";
import { readTransition } from "./transition.ts";

const { lookAtRecovery } = proxyLocalActivities<HealthActivities>({
  startToCloseTimeout: "10 seconds",
  retry: { maximumInterval: "5 seconds" },
});
const retry = { initialInterval: "500 milliseconds", maximumInterval: "5 seconds" } as const;
// If a worker dies during it another one repeats it: each decision is carried out once. Nothing else is decided
// meanwhile, so it must be short.
const ofService = proxyActivities<HealthActivities>({
  startToCloseTimeout: "10 seconds",
  scheduleToCloseTimeout: "30 seconds",
  retry,
});
// A command may take a minute; a retry gets the result of the first try.
const ofServer = proxyActivities<HealthActivities>({
  startToCloseTimeout: "75 seconds",
  scheduleToCloseTimeout: "90 seconds",
  retry,
});

/** Waiting transitions are one signal each; beyond this many the oldest no longer matter. */
const WAITING_MAX = 1_000;
const WAKE_MS_MIN = 1_000;

type ModeOrder = {
  readonly kind: "mode";
  readonly mode: Mode;
  readonly isDeclared: boolean;
  isDone: boolean;
};
type Item =
  | { readonly kind: "transition"; readonly transition: Transition }
  | ModeOrder
  | { readonly kind: "wake" };

export async function metaHealth(raw?: unknown): Promise<never> {
  const input = readInput(raw);
  const health = new MetaHealth(input.state);
  while (!isRollDue(input.historyMax) || !allHandlersFinished()) await health.step();
  heedCancel();
  const continueAsNew = makeContinueAsNewFunc<(next: MetaHealthInput) => Promise<never>>();
  const history = input.historyMax === undefined ? {} : { history_max: input.historyMax };
  return continueAsNew({ ...history, carried: health.carried() });
}

class MetaHealth {
  readonly #state: MetaHealthState;
  readonly #waiting: Item[] = [];
  #isDropping = false;
  /** When the running timer is due; null: none is running. */
  #armedMs: number | null = null;
  #published = "";
  #attributed = "";

  constructor(state: MetaHealthState) {
    this.#state = state;
    this.#waiting.push(
      ...state.pending.map((transition) => ({ kind: "transition", transition }) as const),
    );
    // A pending wait is started again.
    if (0 < state.transitions) this.#waiting.push({ kind: "wake" });
    this.#handleMessages();
  }

  carried(): MetaHealthState {
    const pending = this.#waiting.flatMap((item) =>
      item.kind === "transition" ? [item.transition] : [],
    );
    return { ...this.#state, pending };
  }

  /** Handles the first item, or waits for one. */
  async step(): Promise<void> {
    await condition(() => 0 < this.#waiting.length);
    const item = this.#waiting.shift();
    if (item === undefined) return;
    const observed = await lookAtRecovery(servicesIn(item, this.#state));
    this.#take(item, observed);
    const decisions = this.#decide(item, observed);
    this.#publish(observed);
    for (const decision of decisions) {
      if (decision.action === "restart") await this.#carryOut(decision, observed);
    }
    this.#arm(observed.nowMs);
    if (item.kind === "mode") item.isDone = true;
  }

  #take(item: Item, { nowMs }: RecoveryObservation): void {
    const state = this.#state;
    state.updated_at = isoFromMs(nowMs);
    if (item.kind === "transition") {
      state.transitions += 1;
      state.word = item.transition.diagnosis.word;
    } else if (item.kind === "mode") {
      if (item.isDeclared) state.declared_mode = item.mode;
      if (item.mode !== state.recovery.mode) state.recovery = withMode(state.recovery, item.mode);
    }
  }

  #decide(item: Item, observed: RecoveryObservation): readonly RecoveryDecision[] {
    const { nowMs: atMs, policy, restartsMs, healthAgeMs } = observed;
    const diagnosed =
      item.kind === "transition"
        ? { diagnosis: item.transition.diagnosis, foundMs: item.transition.atMs }
        : { diagnosis: null };
    const news = { atMs, ...diagnosed, healthAgeMs, restartsMs };
    const decided = decide(this.#state.recovery, news, policy);
    this.#state.recovery = decided.state;
    takeDecisions(this.#state, decided.decisions);
    for (const { root, action, says } of decided.decisions) log.info(`${root}: ${action}, ${says}`);
    return decided.decisions;
  }

  async #carryOut(
    { id, target, says, atMs }: RecoveryDecision,
    observed: RecoveryObservation,
  ): Promise<void> {
    if (target === null) return;
    const order = { decision: id, target, why: says, at_ms: atMs };
    const { carryOut } = target.kind === "server" ? ofServer : ofService;
    const outcome = await carryOut(order).catch((error: unknown): RecoveryOutcome => {
      if (!(error instanceof ActivityFailure)) throw error;
      const why = error.cause?.message ?? error.message;
      return { done: false, says: `it could not be done: ${why}` };
    });
    takeOutcome(this.#state, id, outcome);
    log.info(`${target.name}: ${outcome.says}`);
    this.#publish(observed);
  }

  /** One timer at a time; an earlier time gets a second one. */
  #arm(nowMs: number): void {
    const { wakeAtMs } = this.#state.recovery;
    if (wakeAtMs === null || (this.#armedMs !== null && this.#armedMs <= wakeAtMs)) return;
    this.#armedMs = wakeAtMs;
    void this.#wakeAfter(Math.max(WAKE_MS_MIN, wakeAtMs - nowMs), wakeAtMs);
  }

  async #wakeAfter(ms: number, dueMs: number): Promise<void> {
    // A cancel ends the wait: nobody awaits this promise, so it must not reject.
    const isOver = await sleep(ms, { summary: "until a held root is decided on anew" }).then(
      () => true,
      () => false,
    );
    if (!isOver || this.#armedMs !== dueMs) return;
    this.#armedMs = null;
    this.#enqueue({ kind: "wake" });
  }

  #enqueue(item: Item): void {
    this.#waiting.push(item);
    if (this.#waiting.length <= WAITING_MAX) return;
    // Only the last state matters, so the oldest transition is dropped.
    const oldest = this.#waiting.findIndex(({ kind }) => kind === "transition");
    if (0 <= oldest) this.#waiting.splice(oldest, 1);
    if (!this.#isDropping) log.warn(`more than ${WAITING_MAX} transitions wait`);
    this.#isDropping = true;
  }

  #publish({ hasSearchAttributes }: RecoveryObservation): void {
    const status = statusOfMetaHealth(this.#state);
    const { updated_at: _at, ...facts } = status;
    const key = JSON.stringify([facts, hasSearchAttributes]);
    if (key === this.#published) return;
    this.#published = key;
    upsertMemo({ status });
    setCurrentDetails(metaHealthText(status));
    if (status.word === this.#attributed || !hasSearchAttributes) return;
    this.#attributed = status.word;
    const about = { layer: "health", service: META_HEALTH_ID, hasSearchAttributes };
    upsertSearchAttributes(searchAttributesOf(about, status.word));
  }

  #handleMessages(): void {
    setHandler(
      transitionSignal,
      (raw) => {
        const transition = readTransition(raw);
        if (transition === null) log.warn("a signal that is not a transition was ignored");
        else this.#enqueue({ kind: "transition", transition });
      },
      { description: "From the service health: a diagnosis that differs from the previous one" },
    );
    setHandler(
      setRecoveryModeUpdate,
      async (raw): Promise<MetaHealthStatus> => {
        const order: ModeOrder = { kind: "mode", ...readModeOrder(raw), isDone: false };
        this.#enqueue(order);
        await condition(() => order.isDone);
        return statusOfMetaHealth(this.#state);
      },
      {
        validator: (raw) => void readModeOrder(raw),
        description:
          "auto: has services restarted for causes of ours; monitor-only: reports what it would have done",
      },
    );
    setHandler(metaHealthQuery, () => statusOfMetaHealth(this.#state), {
      description: "The present causes, the decisions about them, and why",
    });
  }
}

/** Services of roots that are ours and can be restarted. */
function servicesIn(item: Item, { recovery }: MetaHealthState): readonly string[] {
  const roots =
    item.kind === "transition"
      ? item.transition.diagnosis.roots
      : Object.values(recovery.roots).flatMap(({ root }) => root ?? []);
  const named = roots.flatMap(({ owner, remedy }) =>
    owner === "ours" && remedy.kind === "restart-service" ? [remedy.service] : [],
  );
  return [...new Set(named)];
}

function readModeOrder(raw: unknown) {
  const read = openInput(typeof raw === "string" ? { mode: raw } : raw, ["mode", "declared"]);
  const mode = read("mode", MODE);
  if (mode === undefined) throw invalidInput(`field 'mode' is missing: ${MODE.expected}`);
  return { mode, isDeclared: read("declared", yesOrNo) ?? false };
}

function readInput(raw: unknown) {
  const read = openInput(raw, ["mode", "history_max", "carried"]);
  const state = read("carried", CARRIED) ?? initialMetaHealth(read("mode", MODE) ?? "auto");
  return { state, historyMax: read("history_max", integerFrom(20)) };
}

const CARRIED = carriedWith<MetaHealthState>("recovery", "pending");
