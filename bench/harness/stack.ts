/** A Hazelcast member of its own, and a directory that is removed at the end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHazelcastMember } from "../../src/embedded/hazelcast-member.ts";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { findToolchain } from "../../src/embedded/toolchain.ts";

export type Stack = {
  readonly dir: string;
  readonly address: string;
  readonly cluster: string;
};

const HEAP_MB = 512;

/** Runs the bench with a member, and leaves nothing behind however it ends. */
export async function withStack(bench: (stack: Stack) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "dolphin-bench-"));
  const tools = findToolchain();
  const cluster = "dolphin";
  const member = await startHazelcastMember({
    javaBin: tools.java,
    jar: tools.hazelcast,
    port: await findFreePort(),
    cluster,
    heapMb: HEAP_MB,
    logFile: join(dir, "hazelcast.log"),
  });
  try {
    await bench({ dir, address: member.address, cluster });
  } finally {
    await member.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
