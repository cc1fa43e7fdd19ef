/** Builds the dashboard's routes: the guards, one file per topic, the commands, and the files of the page. */
import { Hono } from "hono";
import { messageOf } from "../domain/failure.ts";
import { addDisk } from "./api/disk.ts";
import { addHealth } from "./api/health.ts";
import { addInputs } from "./api/inputs.ts";
import { addLive } from "./api/live.ts";
import { addLogs } from "./api/logs.ts";
import { addOverview } from "./api/overview.ts";
import { addResearch } from "./api/research.ts";
import { addScans } from "./api/scans.ts";
import { addStatus } from "./api/status.ts";
import { addSystem } from "./api/system.ts";
import { addTrading } from "./api/trading.ts";
import { addAssets, type Asset } from "./assets.ts";
import { addCommands } from "./commands/routes.ts";
import { guards } from "./guards.ts";
import type { DashboardApp, DashboardEnv, DashboardWorld, Topic } from "./world.ts";

/** A new topic adds a line here. */
const TOPICS: readonly Topic[] = [
  addStatus,
  addOverview,
  addHealth,
  addSystem,
  addDisk,
  addLogs,
  addLive,
  addScans,
  addTrading,
  addInputs,
  addResearch,
];

export function buildApp(
  world: DashboardWorld,
  assets: ReadonlyMap<string, Asset>,
  topics: readonly Topic[] = TOPICS,
): DashboardApp {
  const app = new Hono<DashboardEnv>();
  for (const guard of guards(() => world.url())) app.use(guard);
  for (const add of topics) add(app, world);
  addCommands(app, world);
  addAssets(app, assets);
  app.notFound((c) => c.text(`nothing at ${c.req.path}\n`, 404));
  app.onError((error, c) => c.text(`${messageOf(error)}\n`, 500));
  return app;
}
