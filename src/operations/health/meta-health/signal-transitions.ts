/**
 * Signals transitions to metaHealth in order, each acknowledged. While Temporal is away the newest transition for
 * each set of roots waits here, bounded: when it returns, the present state matters, and how often it changed.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Diagnosis } from "../../../domain/health/diagnose.ts";
import type { Transition } from "../../../domain/health/recovery.ts";
import type { Mode } from "../../../domain/supervision/next-step.ts";
import {
  META_HEALTH,
  META_HEALTH_ID,
  taskQueueOf,
  TRANSITION_SIGNAL,
} from "../../../workflows/names.ts";
import type { TemporalReads } from "../../../adapters/temporal/temporal-reads.ts";

export type TransitionTeller = {
  /** Returns at once. */
  tell(transition: Transition): void;
  /** How many wait, and why; for `status` and the log. */
  state(): { readonly waiting: number; readonly sent: number; readonly problem: string | null };
  /** Waiting transitions are lost with this process: the next one reports the present state. */
  close(): Promise<void>;
};

const WAITING_MAX = 64;
const RETRY_MS = 1_000;
const SEND_MS_MAX = 5_000;

export function tellTransitions(
  temporal: Pick<TemporalReads, "signalWithStart">,
  /** Mode of a metaHealth that has to be started. */
  mode: Mode,
): TransitionTeller {
  const over = new AbortController();
  let waiting: readonly Transition[] = [];
  let sent = 0;
  let problem: string | null = null;
  let wake: (() => void) | null = null;

  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const [first] = waiting;
      if (first === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      try {
        await send(temporal, first, mode);
        waiting = waiting.filter((one) => one !== first);
        sent += 1;
        problem = null;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        await delay(RETRY_MS, undefined, { signal: over.signal }).catch(() => undefined);
      }
    }
  };
  const done = run();
  return {
    tell(transition) {
      waiting = newestOfEach([...waiting, transition]);
      wake?.();
    },
    state: () => ({ waiting: waiting.length, sent, problem }),
    async close() {
      over.abort();
      wake?.();
      await done;
    },
  };
}

/** Above the limit only the newest transition of each set of roots is kept, and then the oldest are dropped. */
export function newestOfEach(waiting: readonly Transition[]): readonly Transition[] {
  if (waiting.length <= WAITING_MAX) return waiting;
  const newest = new Map(waiting.map((one) => [keyOf(one.diagnosis), one]));
  return waiting.filter((one) => newest.get(keyOf(one.diagnosis)) === one).slice(-WAITING_MAX);
}

function keyOf({ roots }: Diagnosis): string {
  return roots.map(({ id }) => id).join(" ");
}

/** At least once: a signal that was accepted but not answered is sent again, and has no effect then. */
async function send(
  temporal: Pick<TemporalReads, "signalWithStart">,
  transition: Transition,
  mode: Mode,
): Promise<void> {
  const order = {
    ...metaHealthOptions(),
    workflowType: META_HEALTH,
    args: [{ mode }],
    signal: TRANSITION_SIGNAL,
    signalArgs: [transition],
  };
  await temporal.signalWithStart(order, SEND_MS_MAX);
}

/** How metaHealth is started, by whoever needs it first. */
export function metaHealthOptions() {
  return {
    workflowId: META_HEALTH_ID,
    taskQueue: taskQueueOf("health"),
    staticSummary: "decides recoveries by cause",
    staticDetails:
      "Hears of each change of the diagnosis from the service **health**, and has causes that we own " +
      "mended by the supervisors. Update: `setMode` (auto, monitor-only). Query: `status`.",
  };
}
