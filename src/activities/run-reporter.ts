/**
 * Reports transitions to the supervisor: another process or re-dated restarts at once, another verdict at the health
 * check. A report that could not be delivered is sent again in its newest form.
 */
import type { RunDetails } from "../wire/supervision.ts";
import { monotonicMs } from "../adapters/clock.ts";
import type { SupervisionWorld } from "./supervision-world.ts";

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

function isOtherLife(a: RunDetails, b: RunDetails): boolean {
  if (a.pid !== b.pid || a.life !== b.life || a.next_try_at !== b.next_try_at) return true;
  return a.restart_times.join() !== b.restart_times.join();
}

function isOtherVerdict(a: RunDetails, b: RunDetails): boolean {
  return a.word !== b.word || a.cause !== b.cause || a.action !== b.action;
}
