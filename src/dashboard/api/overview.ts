/** The overview, and the incidents: open ones, or past ones, too. */
import { incidentsIn, type Overview, readOverview } from "../../operations/status/overview.ts";
import type { LiveSource } from "../live.ts";
import type { DashboardWorld, Topic } from "../world.ts";

const LISTED_MAX = 200;
const EVERY_MS = 2_000;

type Sources = Pick<DashboardWorld, "dataDir" | "surroundings" | "status" | "nowMs">;

async function overview(world: Sources): Promise<Overview> {
  const { up } = world.surroundings();
  return readOverview({ dataDir: world.dataDir, up }, await world.status(), world.nowMs());
}

export function overviewSource(world: Sources): LiveSource {
  return { everyMs: EVERY_MS, read: () => overview(world) };
}

export const addOverview: Topic = (app, world) => {
  app.get("/api/overview", async (c) => c.json(await overview(world)));
  app.get("/api/incidents", (c) => {
    const isOpenOnly = c.req.query("open") === "1";
    return c.json(incidentsIn(world.dataDir, { isOpenOnly, count: LISTED_MAX }));
  });
};
