/** Opens what the bookkeeper works with: BLUE's journal, the outboxes of trades, Hazelcast for its heartbeat. */
import { wallMs } from "../../adapters/clock.ts";
import { createThinClient } from "../../adapters/hazelcast/thin-client.ts";
import { createOutboxes } from "../../operations/session/outboxes.ts";
import { EventLogMaintenance } from "../../operations/event-log/event-log-maintenance.ts";
import { HEARTBEAT_MAP } from "../../wire/scan-value.ts";
import type { Shell } from "../shell/run-service.ts";

export const BOOKKEEPER = "bookkeeper";

export function openBookkeeper({ config, say }: Shell) {
  const { trader, green, journal, hazelcast } = config;
  const upkeep = new EventLogMaintenance({
    dataDir: config.data_dir,
    configuration: { trader, green, journal },
    say: (level, line) => say(level, `journal: ${line}`),
  });
  const outboxes = createOutboxes({
    dataDir: config.data_dir,
    nowMs: wallMs,
    say: (line) => say("info", line),
  });
  const { deadline_ms: deadlineMs, ...cluster } = hazelcast;
  const client = createThinClient({ ...cluster, deadlineMs, name: BOOKKEEPER });
  const putHeartbeat = (text: string) => client.set(HEARTBEAT_MAP, BOOKKEEPER, text);
  const isCopied = journal.postgres_secret_url !== null;
  return { upkeep, outboxes, putHeartbeat, isCopied };
}
