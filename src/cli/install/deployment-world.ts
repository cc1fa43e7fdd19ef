/** The parts of a deployment of this checkout: its configuration, and what setup installed. */
import { join } from "node:path";
import type { DeploymentWorld } from "../../domain/deployment/deployed-processes.ts";
import { workerName } from "../../domain/deployment/deployed-processes.ts";
import { INDICATORS_LAYER, layersInUse } from "../../domain/supervision/declared/schedules.ts";
import { memberArguments } from "../../embedded/hazelcast-member.ts";
import { LOOPBACK } from "../../embedded/ports/ports.ts";
import { serverArguments } from "../../embedded/temporal-server.ts";
import { CHECKOUT, findToolchain } from "../../embedded/toolchain.ts";
import { traderOf } from "../../domain/supervision/services.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import type { Config } from "../../config.ts";
import type { CliContext } from "../context.ts";
import { filesNamedIn } from "./secret-files.ts";

const NAMESPACE = "default";

/**
 * Of the configuration as it is written: what runs here now, such as a demo, is not what is deployed.
 * @throws {ConfigError} where the checkout is not set up.
 */
export function deploymentWorld(
  { loaded }: Pick<CliContext, "loaded">,
  has: { readonly servers: boolean },
): DeploymentWorld {
  const { config } = loaded;
  const { ports } = config;
  return {
    checkout: CHECKOUT.replace(/\/$/, ""),
    dataDir: config.data_dir,
    archive: config.archive,
    configFile: loaded.file,
    servers: has.servers ? serverCommands(config) : null,
    // For a server elsewhere, Temporal's own environment configuration applies.
    temporalAddress: has.servers ? `${LOOPBACK}:${ports.temporal}` : null,
    hazelcastAddress: has.servers ? `${LOOPBACK}:${ports.hazelcast}` : config.hazelcast.address,
    layers: layersInUse(config),
    secretFiles: filesNamedIn(config),
    outside: outsideOf(config),
  };
}

/** Processes that connect to venues, channels, or a Postgres elsewhere. */
function outsideOf({ alerts, journal, order_book }: Config): readonly string[] {
  const tells =
    0 < Object.keys(alerts.channels).length ||
    (alerts.heartbeat_url_env ?? alerts.heartbeat_url_file ?? null) !== null;
  const copies = journal.postgres_secret_url !== null;
  const streams = 0 < order_book.symbols.length;
  return [
    workerName(INDICATORS_LAYER),
    ...(tells ? ["watchdog"] : []),
    ...(copies || streams ? [workerName(traderOf(COUNTED_BOOK).layer)] : []),
  ];
}

function serverCommands({ data_dir, ports, hazelcast }: Config) {
  const tools = findToolchain();
  const temporal = serverArguments({
    binary: tools.temporal,
    port: ports.temporal,
    uiPort: ports.temporal_ui,
    dbFile: join(data_dir, "temporal", "temporal.db"),
    namespace: NAMESPACE,
  });
  const member = memberArguments({
    javaBin: tools.java,
    jar: tools.hazelcast,
    port: ports.hazelcast,
    cluster: hazelcast.cluster,
    heapMb: hazelcast.heap_mb,
  });
  return { temporal: [tools.temporal, ...temporal], hazelcast: [tools.java, ...member] };
}
