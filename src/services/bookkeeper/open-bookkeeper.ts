/** Opens what the bookkeeper works with: BLUE's journal, the outboxes of trades, Hazelcast for its heartbeat. */
import { wallMs } from "../../adapters/clock.ts";
import { configuredCluster, connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import { createOutboxes } from "../../operations/session/outboxes.ts";
import { EventLogMaintenance } from "../../operations/event-log/event-log-maintenance.ts";
import type { Shell } from "../shell/run-service.ts";

export const BOOKKEEPER = "bookkeeper";

export async function openBookkeeper({ config, say }: Shell) {
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
  const handle = await connectHazelcast({
    ...configuredCluster(hazelcast),
    name: BOOKKEEPER,
  });
  const isCopied = journal.postgres_secret_url !== null;
  return { upkeep, outboxes, feed: createScanFeed(handle), isCopied };
}
