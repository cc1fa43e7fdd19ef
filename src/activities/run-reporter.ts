/**
 * Reports transitions to the supervisor: another process or re-dated restarts at once, another verdict at the health
 * check. A report that could not be delivered is sent again in its newest form.
 */
import type { RunDetails } from "../wire/supervision.ts";
import { monotonicMs } from "../adapters/clock.ts";
import type { SupervisionWorld } from "./supervision-world.ts";

const BEAT_EVERY_MS = 1_000;
/** Latency of noticing another process or verdict, while one is expected. */
const POLL_EVERY_MS = 200;

type ReporterWorld = Pick<SupervisionWorld, "report" | "healthCheckMs">;

export function createReporter(world: ReporterWorld, service: string, runId: string) {
  let reported: RunDetails | null = null;
  let isReporting = false;
  let isStopped = false;
  let lastCheckMs = monotonicMs();
  const tell = async (details: RunDetails): Promise<void> => {
    isReporting = true;
    try {
      await world.report(service, { run_id: runId, details });
      reported = details;
    } catch {
      // Temporal is away: the next beat reports it.
    } finally {
      isReporting = false;
    }
  };
  return {
    see(details: RunDetails): void {
      const nowMs = monotonicMs();
      const isCheck = world.healthCheckMs <= nowMs - lastCheckMs;
      if (isCheck) lastCheckMs = nowMs;
      const isNews =
        (reported === null && (details.pid !== null || details.next_try_at !== null)) ||
        (reported !== null &&
          (isOtherLife(reported, details) ||
            ((isCheck || reported.word === "Starting") && isOtherVerdict(reported, details))));
      if (isNews && !isReporting && !isStopped) void tell(details);
    },
    stop(): void {
      isStopped = true;
    },
  };
}

/**
 * Observes a run's process: a heartbeat each second, and a look at what has changed. While the process starts or is down, changes
 * are looked for more often; while it runs, with the heartbeat only, because a wake-up costs more than what is done in it.
 * Returns what ends the observation; all calls have the asynchronous context of this one.
 */
export function startRunBeats(
  { everySteadily }: Pick<SupervisionWorld, "everySteadily">,
  run: {
    readonly details: () => RunDetails;
    readonly see: (details: RunDetails) => void;
    readonly beat: (details: RunDetails) => void;
  },
): () => void {
  let hasBeaten = false;
  let endPolls: (() => void) | null = null;
  const act = (isDue: boolean): void => {
    const details = run.details();
    run.see(details);
    // The first heartbeat has the pid: the SDK throttles the next ones for a second.
    if (isDue || (!hasBeaten && details.pid !== null)) {
      hasBeaten = true;
      run.beat(details);
    }
    const isSettled = details.pid !== null && details.word !== "Starting";
    if (isSettled) {
      endPolls?.();
      endPolls = null;
    } else {
      endPolls ??= everySteadily(POLL_EVERY_MS, () => act(false));
    }
  };
  const endBeats = everySteadily(BEAT_EVERY_MS, () => act(true));
  endPolls = everySteadily(POLL_EVERY_MS, () => act(false));
  return () => {
    endBeats();
    endPolls?.();
  };
}

function isOtherLife(a: RunDetails, b: RunDetails): boolean {
  if (a.pid !== b.pid || a.life !== b.life || a.next_try_at !== b.next_try_at) return true;
  return a.restart_times.join() !== b.restart_times.join();
}

function isOtherVerdict(a: RunDetails, b: RunDetails): boolean {
  return a.word !== b.word || a.cause !== b.cause || a.action !== b.action;
}
