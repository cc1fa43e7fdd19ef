/** The worker of the health layer: the dependencies of the activities of metaHealth and of the incidents' mirrors. */
import { join } from "node:path";
import { createAlertActivities } from "../activities/alerts.ts";
import { createHealthActivities } from "../activities/health.ts";
import { wallMs } from "../adapters/clock.ts";
import { readHealthReport } from "../adapters/health/health-outlets.ts";
import { createServerRestarts } from "../adapters/health/recovery-command.ts";
import { supervisedStatus } from "../adapters/run-view.ts";
import { orderIncidents } from "../operations/incidents/look-up-incidents.ts";
import type { Supervision } from "../operations/status/service-row.ts";
import { readSupervision } from "../operations/status/temporal-view.ts";
import { recoverService } from "../operations/supervision/supervisor-commands.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import { MS_PER_SECOND } from "../domain/time.ts";
import type { Config } from "../config.ts";
import { recoveryPolicyOf } from "../wire/configuration.ts";

export function healthActivities(config: Config, temporal: TemporalClient) {
  const { hazelcast } = config.recovery;
  const restartServer = createServerRestarts(join(config.data_dir, "run"), { hazelcast });
  const alerts = createAlertActivities({
    acknowledge: (order) => orderIncidents(config.data_dir, { command: "acknowledge", ...order }),
  });
  const health = createHealthActivities({
    policy: recoveryPolicyOf(config),
    nowMs: wallMs,
    hasSearchAttributes: () => hasSearchAttributes(temporal),
    healthAgeMs: () => healthAgeMs(config, temporal),
    async restartTimesMs(service) {
      const status = await supervisedStatus(temporal, service);
      return (status?.restart_times ?? []).map((at) => Date.parse(at));
    },
    recoverService: (order) => recoverService(temporal, order),
    restartServer: ({ target, decision }) => restartServer(target.name, decision),
  });
  return { ...health, ...alerts };
}

/** From the heartbeats of its run, and from its report, where it is on this machine. */
async function healthAgeMs(
  { data_dir }: Config,
  { reads }: TemporalClient,
): Promise<number | null> {
  const nowMs = wallMs();
  const supervision = await readSupervision(reads, "health", nowMs).catch(() => null);
  const ages = [
    supervision?.run.kind === "reported" ? sampleAgeMs(supervision.run) : null,
    readHealthReport(data_dir, nowMs)?.ageMs ?? null,
  ].filter((age) => age !== null);
  return ages.length === 0 ? null : Math.min(...ages);
}

function sampleAgeMs({ details, ageS }: Extract<Supervision["run"], { kind: "reported" }>) {
  const samples = details.facts?.inputs.find(({ name }) => name === "samples");
  return samples?.ageS == null ? null : (ageS + samples.ageS) * MS_PER_SECOND;
}
