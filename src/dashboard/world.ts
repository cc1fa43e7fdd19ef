/** What the routes of the dashboard may know: everything is for reading, and shared by all pages. */
import type { Env, Hono } from "hono";
import type { HttpBindings } from "@hono/node-server";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import type { SystemStatus } from "../wire/system-status.ts";
import type { Live } from "./live.ts";
import type { Reading } from "./sources/reading.ts";
import type { Surroundings } from "./sources/surroundings.ts";

export type DashboardWorld = {
  readonly dataDir: string;
  /** Looked up anew every few seconds; never throws. */
  readonly surroundings: () => Surroundings;
  /** What `dolphin status --json` says, with our own address; read once a second at most, whoever asks. */
  readonly status: () => Promise<SystemStatus>;
  /** For what else is to be asked of it: the connection of the status. */
  readonly askTemporal: <T>(ask: (temporal: TemporalClient) => Promise<T>) => Promise<T>;
  readonly live: Live;
  /** Views of files, and Hazelcast, for who has something else to ask than the status. */
  readonly reading: Reading;
  /** http://127.0.0.1:PORT */
  readonly url: () => string;
  /** What a route holds open, or does by a clock of its own, ends with the server. */
  readonly atEnd: (act: () => void) => void;
  /** For the routes' own clocks. */
  readonly nowMs: () => number;
};

export interface DashboardEnv extends Env {
  readonly Bindings: HttpBindings;
}
export type DashboardApp = Hono<DashboardEnv>;

/** One topic's GET routes: a file in `api/` exports one, and `app.ts` lists it. */
export type Topic = (app: DashboardApp, world: DashboardWorld) => void;
