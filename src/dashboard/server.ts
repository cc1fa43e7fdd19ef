/**
 * The dashboard's server: one page and its JSON, on loopback. Invariant: it reads the data directory, the journals
 * and the servers; it writes only its token and its audit.
 */
import type { Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { monotonicMs, wallMs } from "../adapters/clock.ts";
import { overviewSource } from "./api/overview.ts";
import { buildApp } from "./app.ts";
import { boundedServer, DASHBOARD_BOUNDS } from "./bounded-server.ts";
import { loadAssets, versioned } from "./assets.ts";
import { LOOPBACK } from "./guards.ts";
import { createLive } from "./live.ts";
import { scanSource } from "./live-scans.ts";
import { createReading } from "./sources/reading.ts";
import { keepStatus } from "./status-source.ts";
import type { DashboardWorld } from "./world.ts";
import type { Surroundings } from "./sources/surroundings.ts";

export type DashboardOptions = {
  /** 0: a free one. */
  readonly port: number;
  readonly dataDir: string;
  /** Returns where everything is now. Called repeatedly; after an error the last answer stays. */
  readonly readSurroundings: () => Surroundings;
};
export type Dashboard = {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  close(): Promise<void>;
};

/** A page that receives none of five reports a lost connection. */
const BEAT_MS = 1_000;

/** @throws {Error} when the port is taken, or the configuration is unreadable. */
export async function startDashboard({
  port,
  dataDir,
  readSurroundings,
}: DashboardOptions): Promise<Dashboard> {
  const kept = keepStatus(readSurroundings, () => url());
  const sources = {
    dataDir,
    surroundings: () => kept.surroundings(),
    status: () => kept.status(),
    nowMs: wallMs,
  };
  const { assets, version } = versioned(loadAssets());
  const live = createLive({
    beat: {
      everyMs: BEAT_MS,
      read: () => ({ pid: process.pid, namespace: kept.namespace(), page: version }),
    },
    scan: scanSource(dataDir, monotonicMs),
    // The status is part of it: one reading for both.
    overview: overviewSource(sources),
  });
  const reading = createReading(() => kept.surroundings());
  const url = () => `http://${LOOPBACK}:${portOf(server) || port}`;
  const ends: (() => void)[] = [];
  const world: DashboardWorld = {
    ...sources,
    atEnd: (act) => void ends.push(act),
    askTemporal: (ask) => kept.askTemporal(ask),
    live,
    reading,
    url,
  };
  const answer = getRequestListener(buildApp(world, assets).fetch, {
    overrideGlobalObjects: false,
  });
  const server = boundedServer(DASHBOARD_BOUNDS, (...exchange) => void answer(...exchange));
  const close = async () => {
    live.close();
    server.close();
    server.closeAllConnections();
    await Promise.all([kept.close(), reading.close()]);
    // After the last messages about a command in progress.
    for (const end of ends) end();
  };
  try {
    await listen(server, port);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: url(), close };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
