/** A real Temporal server, a real trader fed with scans, and the real workers and bookkeeper of its layer. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { addSearchAttributes, connectTemporal } from "../../../src/adapters/temporal-client.ts";
import { findFreePort } from "../../../src/embedded/ports/ports.ts";
import { findToolchain } from "../../../src/embedded/toolchain.ts";
import { pnlQuery } from "../../../src/workflows/messages/trading.ts";
import { sessionIdOf } from "../../../src/workflows/names.ts";
import { type Bookkeeper, spawnBookkeeper } from "../bookkeeper.ts";
import { openLab } from "../bridge.ts";
import { until } from "../until.ts";
import { environmentOf, startTestTemporal } from "../servers.ts";
import { createFeeder, spawnTrader } from "../trader.ts";

const BIN = fileURLToPath(new URL("../../../bin/dolphin", import.meta.url));

export type SessionStage = Awaited<ReturnType<typeof openSessionStage>>;

export async function openSessionStage(name: string) {
  const lab = await openLab(name);
  const place = { ...(await lab.site()), address: lab.address };
  const ports = { port: await findFreePort(), uiPort: await findFreePort() };
  let server = await startTestTemporal(lab.dir, ports);
  const temporal = connectTemporal(server.address);
  await until("search attributes", () =>
    addSearchAttributes(temporal).then(
      () => true,
      () => false,
    ),
  );
  const feeder = createFeeder(lab.cluster);
  await feeder.posture();
  let trader = spawnTrader(place);
  await trader.ready();
  await trader.hearsHazelcast();
  const config = join(place.dir, "trader.yaml");
  const env = environmentOf(server, { DOLPHIN_CONFIG: config });
  const output = join(lab.dir, "worker.out");
  let worker: ChildProcess | null = null;
  let bookkeeper: Bookkeeper | null = null;
  const { address } = server;
  const stage = {
    lab,
    place,
    feeder,
    temporal,
    address,
    today: new Date().toISOString().slice(0, 10),
    trader: () => trader,
    async startWorker(...layers: readonly string[]): Promise<void> {
      mkdirSync(lab.dir, { recursive: true });
      const out = openSync(output, "w");
      worker = spawn(BIN, ["worker", ...layers], { env, stdio: ["ignore", out, out] });
      await until("the worker serves", () => readFileSync(output, "utf8").includes("task queue"));
      // The worker would run it on command; here it has no supervisor.
      bookkeeper ??= spawnBookkeeper(config, { TEMPORAL_ADDRESS: server.address });
    },
    async stopWorker(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
      const leaving = worker;
      worker = null;
      await bookkeeper?.stop(signal);
      bookkeeper = null;
      if (leaving === null || leaving.exitCode !== null) return;
      const exited = new Promise((resolve) => leaving.once("exit", resolve));
      leaving.kill(signal);
      await exited;
    },
    workerOutput: () => readFileSync(output, "utf8"),
    async stopTrader(): Promise<void> {
      await trader.stop();
    },
    async startTrader(): Promise<void> {
      trader = spawnTrader(place);
      await trader.ready();
      await trader.hearsHazelcast();
    },
    async killTemporal(): Promise<void> {
      server.kill();
      await server.exited;
    },
    async restartTemporal(): Promise<void> {
      server = await startTestTemporal(lab.dir, ports);
    },
    session: (day: string) => temporal.client.workflow.getHandle(sessionIdOf("BLUE", day)),
    pnl: () => stage.session(stage.today).query(pnlQuery),
    /** Until the session has counted as many trades as the trader has booked. */
    untilAllSent: (what: string) =>
      until(what, async () => {
        const { trades } = await trader.status();
        const pnl = await stage.pnl().catch(() => null);
        return pnl !== null && pnl.trades === trades ? pnl : null;
      }),
    /** The real Temporal CLI. */
    async cli(...args: readonly string[]): Promise<string> {
      const { stdout } = await promisify(execFile)(findToolchain().temporal, [
        ...args,
        "--address",
        address,
      ]);
      return stdout;
    },
    /** Exit status, stdout and stderr of `dolphin`. */
    dolphin: (...args: readonly string[]) =>
      new Promise<{ code: number; out: string; err: string }>((resolve) => {
        const child = execFile(BIN, [...args], { env }, (_error, out, err) => {
          resolve({ code: child.exitCode ?? -1, out, err });
        });
      }),
    async close(): Promise<void> {
      await stage.stopWorker();
      await trader.kill();
      await temporal.close();
      await server.stop();
      await lab.close();
    },
  };
  return stage;
}
