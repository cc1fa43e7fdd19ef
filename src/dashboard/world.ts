/** What the dashboard's routes can use: read-only, and shared by all pages. */
import type { Env, Hono } from "hono";
import type { HttpBindings } from "@hono/node-server";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import type { SystemStatus } from "../wire/system-status.ts";
import type { Live } from "./live.ts";
import type { DataReaders } from "./sources/reading.ts";
import type { Surroundings } from "./sources/surroundings.ts";

export type DashboardWorld = {
  readonly dataDir: string;
  /** Refreshed every few seconds; never throws. */
  readonly surroundings: () => Surroundings;
  /** The data of `dolphin status --json`, with our own address; read at most once a second. */
  readonly status: () => Promise<SystemStatus>;
  /** For other requests to Temporal, on the status's connection. */
  readonly askTemporal: <T>(ask: (temporal: TemporalClient) => Promise<T>) => Promise<T>;
  readonly live: Live;
  /** Views of files, and Hazelcast, for data beside the status. */
  readonly reading: DataReaders;
  /** http://127.0.0.1:PORT */
  readonly url: () => string;
  /** Registers cleanup of a route's resources and timers for the server's end. */
  readonly atEnd: (act: () => void) => void;
  /** For the routes' timers. */
  readonly nowMs: () => number;
};

export interface DashboardEnv extends Env {
  readonly Bindings: HttpBindings;
}
export type DashboardApp = Hono<DashboardEnv>;

/** One topic's GET routes: a file in `api/` exports one, and `app.ts` lists it. */
export type Topic = (app: DashboardApp, world: DashboardWorld) => void;
