/** The process of health: a loop that samples, diagnoses and reports, and its beats. */
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../../adapters/clock.ts";
import { keepHeapCompact } from "../../adapters/process/compact-heap.ts";
import { diagnose } from "../../domain/health/diagnose.ts";
import { transitionKey } from "../../domain/health/recovery.ts";
import { type HealthReport, healthReport } from "../../wire/health/health-report.ts";
import { runService, type Running, type Shell } from "../shell/run-service.ts";
import { healthBeat } from "./health-beat.ts";
import { HEALTH, openHealth } from "./open-health.ts";

const SAMPLE_EVERY_MS = 5_000;
const WARM_UP_TRIES = 3;

export async function runHealth(): Promise<void> {
  await runService({ name: HEALTH, tag: "Health", start });
}

async function start(shell: Shell): Promise<Running> {
  const { watch, log, outlets, history, teller, onTransition } = await openHealth(shell);
  const stopping = new AbortController();
  let last: { readonly report: HealthReport; readonly atMs: number } | null = null;
  let causes: string | null = null;
  const round = async (): Promise<void> => {
    const sample = await watch.sampler.next();
    const diagnosis = diagnose(sample, watch.graph);
    const report = healthReport(sample, diagnosis, watch.sampler.counters());
    outlets.tell(report);
    history.record(sample, diagnosis);
    last = { report, atMs: monotonicMs() };
    const found = transitionKey(diagnosis);
    if (found !== causes) onTransition(diagnosis);
    causes = found;
  };
  const run = async (): Promise<void> => {
    await watch.sampler.warmUp(WARM_UP_TRIES);
    while (!stopping.signal.aborted) {
      const startedMs = monotonicMs();
      await round();
      const restMs = Math.max(0, SAMPLE_EVERY_MS - (monotonicMs() - startedMs));
      await delay(restMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run().catch(shell.fail);
  keepHeapCompact();
  return {
    beat: () =>
      healthBeat({
        report: last?.report ?? null,
        ageMs: last === null ? null : monotonicMs() - last.atMs,
        servers: watch.sampler.servers(),
        trouble: history.trouble,
        untold: outlets.failed(),
        unheard: teller.state().problem,
      }),
    heartbeat: { put: watch.putHeartbeat, about: {} },
    async stop() {
      stopping.abort();
      await running;
      await teller.close();
      history.close();
      log.close();
      await watch.close();
    },
  };
}
