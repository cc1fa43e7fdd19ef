/**
 * An outage of Temporal on real servers: which missed readings of indicators are caught up when it is back. One with a
 * pace of a minute has none caught up, one with a long pace exactly one.
 *
 *     npm run prove:outage -- [--minutes 60]
 *
 * The paces are the real ones if the outage is long enough for two readings of the long one; else the long pace is
 * shortened accordingly. Exits with 1 if another number was caught up.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { connectTemporal } from "../../src/adapters/temporal-client.ts";
import { startSimulatedVenues } from "../../src/embedded/simulated-venues/simulated-venues.ts";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { spawnSync } from "../helpers/run-program.ts";
import { until } from "../helpers/processes.ts";
import {
  environmentOf,
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestHazelcast,
  startTestTemporal,
} from "../helpers/servers.ts";

const CLI = resolve(import.meta.dirname, "../../src/cli/main.ts");
const LONG_S = 1_800;
/** The least catch-up window that Temporal takes: what was due so shortly before the end is late and not missed. */
const LATE_MS = 10_000;
/** Within it all is made up for that will be. */
const SETTLED_MS = 20_000;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "60" } } });
const outageMs = Number(values.minutes) * 60_000;
const dir = makeTemporaryDirectory("outage");
const file = join(dir, "dolphin.yaml");
mkdirSync(join(dir, "logs"), { recursive: true });
const ports = { port: await findFreePort(), uiPort: await findFreePort() };
let server = await startTestTemporal(dir, ports);
const member = await startTestHazelcast(dir);
const venues = await startSimulatedVenues({ port: 0, nowMs: () => Date.now() });
const { url } = venues;
const longS = Math.min(LONG_S, Math.floor(outageMs / 2_000));
writeFileSync(
  file,
  JSON.stringify({ indicators: { premium: { url }, fear_greed: { url, every_s: longS } } }),
);
const env = environmentOf(server, {
  DOLPHIN_CONFIG: file,
  DOLPHIN_DATA_DIR: dir,
  DOLPHIN_HAZELCAST_ADDRESS: member.address,
});
let worker: ChildProcess | null = null;
try {
  worker = spawn(process.execPath, [...NODE_FLAGS, CLI, "worker", "indicators"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(worker.stdout!, "data");
  const made = spawnSync(process.execPath, [...NODE_FLAGS, CLI, "create"], {
    encoding: "utf8",
    env,
  });
  if (made.status !== 0) throw new Error(made.stderr);
  const fromMs = Date.now();
  await server.stop();
  say(`Temporal is away for ${values.minutes} minutes; the long pace is ${longS} s`);
  await delay(outageMs);
  server = await startTestTemporal(dir, ports);
  const toMs = Date.now();
  const missed = { fromMs, toMs: toMs - LATE_MS };
  await until(async () => 0 < (await madeUp("fear_greed", { fromMs, toMs })), {
    ms: 300_000,
    tell: () => "the long one was not made up for",
  });
  await delay(SETTLED_MS);
  const counts = {
    premium: await madeUp("premium", missed),
    fear_greed: await madeUp("fear_greed", { fromMs, toMs }),
  };
  say(`made up for: ${JSON.stringify(counts)}`);
  if (counts.premium !== 0 || counts.fear_greed !== 1) process.exitCode = 1;
} finally {
  if (worker !== null) {
    const exited = once(worker, "exit");
    worker.kill("SIGTERM");
    await exited;
  }
  await venues.stop();
  await Promise.all([server.stop(), member.stop()]);
  removeTemporaryDirectory(dir);
}

/** Of those that were due in this time. */
async function madeUp(
  name: string,
  period: { readonly fromMs: number; readonly toMs: number },
): Promise<number> {
  const temporal = connectTemporal(server.address);
  try {
    const { info } = await temporal.client.schedule.getHandle(`indicator-${name}`).describe();
    const due = info.recentActions.map(({ scheduledAt }) => scheduledAt.getTime());
    return due.filter((atMs) => period.fromMs < atMs && atMs < period.toMs).length;
  } finally {
    await temporal.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
