/**
 * What a write to the embedded Temporal server costs with SQLite's default journal and with the write-ahead log that
 * DOLPHIN sets: signals to one workflow, ten a second, sent to both servers in turn.
 *     node bench/temporal-journal.ts [--rounds N] [--json]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { processUsage } from "../src/adapters/process/process-facts.ts";
import { connectTemporal, type TemporalClient } from "../src/adapters/temporal-client.ts";
import {
  type GuardedProcess,
  startGuarded,
  withoutOverrides,
} from "../src/embedded/guarded-process.ts";
import { serverArguments } from "../src/embedded/temporal-server.ts";
import { findToolchain } from "../src/embedded/toolchain.ts";
import { findFreePort } from "../src/embedded/ports/ports.ts";
import { until } from "../test/helpers/processes.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { benchOptions, report } from "./harness/options.ts";
import { percentile, rounded } from "./harness/statistics.ts";

endWithBench();

const KINDS = ["default journal", "write-ahead log"] as const;
const SIGNALS = 100;
const EVERY_MS = 100;
const WORKFLOW = "written-to";

type Side = {
  readonly server: GuardedProcess;
  readonly temporal: TemporalClient;
  readonly tookMs: number[];
  cpuMs: number;
  writtenMb: number;
};

async function start(kind: (typeof KINDS)[number], dir: string): Promise<Side> {
  const [port, uiPort] = [await findFreePort(), await findFreePort()];
  const own = join(dir, kind);
  mkdirSync(own);
  const all = serverArguments({
    binary: findToolchain().temporal,
    port,
    uiPort,
    dbFile: join(own, "temporal.db"),
    namespace: "default",
  });
  const args = all.filter((one) => kind === KINDS[1] || !one.startsWith("--sqlite-pragma"));
  const server = await startGuarded({
    command: findToolchain().temporal,
    args,
    cwd: own,
    env: withoutOverrides(process.env),
    logFile: join(own, "temporal.log"),
    graceSeconds: 10,
  });
  const temporal = connectTemporal(`127.0.0.1:${port}`);
  const begin = () =>
    temporal.client.workflow.start("none", { workflowId: WORKFLOW, taskQueue: "nobody" }).then(
      () => true,
      () => false,
    );
  await until(begin, { ms: 60_000, tell: () => `the server writes to ${own}` });
  return { server, temporal, tookMs: [], cpuMs: 0, writtenMb: 0 };
}

const cpuMsOf = (pid: number) => processUsage(pid)?.cpuMs ?? 0;
const writtenMbOf = (pid: number) =>
  Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]) / 1e6;

async function writeTo(side: Side): Promise<void> {
  const { pid } = side.server;
  const [cpuMs, writtenMb] = [cpuMsOf(pid), writtenMbOf(pid)];
  const handle = side.temporal.client.workflow.getHandle(WORKFLOW);
  const sent: Promise<void>[] = [];
  for (let count = 0; count < SIGNALS; count += 1) {
    const fromMs = performance.now();
    const took = () => side.tookMs.push(performance.now() - fromMs);
    sent.push(handle.signal("written", count).then(() => void took()));
    await delay(EVERY_MS);
  }
  await Promise.all(sent);
  side.cpuMs += cpuMsOf(pid) - cpuMs;
  side.writtenMb += writtenMbOf(pid) - writtenMb;
}

const options = benchOptions({ rounds: 3 });
const dir = mkdtempSync(join(tmpdir(), "dolphin-temporal-journal-"));
const sides: Side[] = [];
try {
  for (const kind of KINDS) sides.push(await start(kind, dir));
  for (let round = 0; round < options.rounds; round += 1)
    for (const side of sides) await writeTo(side);
} finally {
  for (const { temporal, server } of sides) {
    await temporal.close();
    await server.stop();
  }
  rmSync(dir, { recursive: true });
}
const rows = Object.fromEntries(
  sides.map(({ tookMs, cpuMs, writtenMb }, index) => [
    KINDS[index]!,
    {
      p50_ms: rounded(percentile(tookMs, 50)),
      p99_ms: rounded(percentile(tookMs, 99)),
      cpu_ms_per_write: rounded(cpuMs / tookMs.length),
      written_kb_per_write: rounded((1e3 * writtenMb) / tookMs.length),
    },
  ]),
);
report(options, { title: "a signal to the embedded Temporal server", rows }, rows);
