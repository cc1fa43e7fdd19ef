/** The flow of scans, and what the strategy computes from them. */
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { Topic } from "../world.ts";
import { secondsIn } from "./health.ts";

/** No journal reaches back further by itself. */
const SINCE_S_MAX = 400 * 86_400;

export const addScans: Topic = (app, world) => {
  /** `since=2h`; an hour where nothing is said. */
  app.get("/api/scans", async (c) => {
    const sinceS = secondsIn(c.req.query("since") ?? "1h");
    if (sinceS === null || sinceS < 1) {
      return c.text("since must be a time such as 90s, 5m, 2h or 7d\n", 400);
    }
    const untilMs = world.nowMs();
    const sinceMs = untilMs - Math.min(sinceS, SINCE_S_MAX) * MS_PER_SECOND;
    return c.json(await world.reading.views().ask("scans", { sinceMs, untilMs }));
  });
  app.get("/api/scans/signal", async (c) => c.json(await world.reading.views().ask("signal")));
};
