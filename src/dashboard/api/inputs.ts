/** Every feed and indicator with its times, its budget and its source; the present order books. */
import { US_PER_MS } from "../../domain/time.ts";
import { indicatorsOver } from "../../operations/indicators/indicator-view.ts";
import { readFeeds, readOrderBooks } from "../../operations/view/live-values.ts";
import { indicatorKey } from "../../wire/indicators/indicator-values.ts";
import type { Topic } from "../world.ts";

const WAIT_MS = 400;
const ASSET = /^[A-Za-z0-9_.-]{1,64}$/;

export const addInputs: Topic = (app, world) => {
  app.get("/api/inputs", async (c) => {
    const { config, status } = world.surroundings();
    const hazelcast = await world.reading.hazelcast();
    const about = {
      indicators: Object.keys(config.indicators).map(indicatorKey),
      nowUs: world.nowMs() * US_PER_MS,
    };
    const [feeds, indicators, books] = await Promise.all([
      readFeeds(hazelcast, status.services, about),
      indicatorsOver(config, hazelcast, WAIT_MS),
      readOrderBooks(hazelcast, null),
    ]);
    return c.json({ feeds, indicators, orderBooks: books?.features ?? null });
  });
  app.get("/api/inputs/history", async (c) =>
    c.json(await world.reading.views().ask("indicator", c.req.query("series") ?? "")),
  );
  app.get("/api/inputs/book", async (c) => {
    const asset = c.req.query("asset") ?? "";
    if (!ASSET.test(asset)) return c.text("asset must be a name such as BTCUSDT\n", 400);
    return c.json(await readOrderBooks(await world.reading.hazelcast(), asset));
  });
};
