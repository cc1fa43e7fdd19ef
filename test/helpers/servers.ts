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

export function makeTemporaryDirectory(name: string): string {
  return mkdtempSync(join(tmpdir(), `dolphin-${name}-`));
}

export function removeTemporaryDirectory(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}

/** `dir` keeps the database: a server started on it again knows what the one before knew. */
export async function startTestTemporal(
  dir: string,
  ports?: { readonly port: number; readonly uiPort: number },
): Promise<TemporalServer> {
  return startTemporalServer({
    binary: findToolchain().temporal,
    port: ports?.port ?? (await findFreePort()),
    uiPort: ports?.uiPort ?? (await findFreePort()),
    dbFile: join(dir, "temporal", "temporal.db"),
    logFile: join(dir, "logs", "temporal.log"),
    namespace: "default",
  });
}

/** The cluster is called `dolphin`; give the same `port` to replace a member that was killed. */
export async function startTestHazelcast(dir: string, port?: number): Promise<HazelcastMember> {
  const tools = findToolchain();
  return startHazelcastMember({
    javaBin: tools.java,
    jar: tools.hazelcast,
    port: port ?? (await findFreePort()),
    cluster: "dolphin",
    heapMb: 256,
    logFile: join(dir, "logs", "hazelcast.log"),
  });
}
