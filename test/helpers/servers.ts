/** Real servers on free ports for integration tests; each gets a temporary directory of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHazelcastMember } from "../../src/embedded/hazelcast-member.ts";
import type { HazelcastMember } from "../../src/embedded/hazelcast-member.ts";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { startTemporalServer } from "../../src/embedded/temporal-server.ts";
import type { TemporalServer } from "../../src/embedded/temporal-server.ts";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import {
  databaseOf,
  namespaceAnswers,
  productionOf,
  setUpNamespace,
  startTemporalOnPostgres,
} from "./production/temporal-on-postgres.ts";

export function makeTemporaryDirectory(name: string): string {
  return mkdtempSync(join(tmpdir(), `dolphin-${name}-`));
}

export function removeTemporaryDirectory(dir: string): void {
  // A killed process may have written a last file in between.
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/**
 * `dir` keeps the database: a server started on it again knows what the one before knew. `npm run test:production` has
 * the server of production in the embedded one's place.
 */
export async function startTestTemporal(
  dir: string,
  ports?: { readonly port: number; readonly uiPort: number },
  retentionH = 24,
): Promise<TemporalServer> {
  const production = productionOf(process.env);
  if (production !== null) {
    const port = ports?.port ?? (await findFreePort());
    const database = await databaseOf(production, join(dir, "temporal"));
    const place = { port, database, logFile: join(dir, "logs", "temporal.log") };
    const server = await startTemporalOnPostgres(production, place, namespaceAnswers);
    if (retentionH !== 24) setUpNamespace(production, server.address, `${retentionH}h`);
    return server;
  }
  return startTemporalServer({
    binary: findToolchain().temporal,
    port: ports?.port ?? (await findFreePort()),
    uiPort: ports?.uiPort ?? (await findFreePort()),
    dbFile: join(dir, "temporal", "temporal.db"),
    logFile: join(dir, "logs", "temporal.log"),
    namespace: "default",
    retentionH,
  });
}

/** Of a worker or a verb that talks to this server; other runs may hold the port of the metrics. */
export function environmentOf(
  server: Pick<TemporalServer, "address">,
  own: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TEMPORAL_ADDRESS: server.address,
    DOLPHIN_PORTS_METRICS: "0",
    ...own,
  };
}

/** The cluster is called `dolphin`; give the same `port` to replace a member that was killed. */
export async function startTestHazelcast(
  dir: string,
  port?: number,
  properties: readonly string[] = [],
): Promise<HazelcastMember> {
  const tools = findToolchain();
  return startHazelcastMember({
    javaBin: tools.java,
    jar: tools.hazelcast,
    port: port ?? (await findFreePort()),
    cluster: "dolphin",
    heapMb: 256,
    logFile: join(dir, "logs", "hazelcast.log"),
    // A member of a test lives too short for the second compiler: its start takes 1.0 s of CPU instead of 1.7.
    properties: ["-XX:TieredStopAtLevel=1", ...properties],
  });
}
