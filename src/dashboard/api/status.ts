/**
 * The output of `dolphin status --json`, and the identity of the answering process, by which `up` recognises its own.
 */
import type { Topic } from "../world.ts";

export const addStatus: Topic = (app, world) => {
  app.get("/api/alive", (c) =>
    c.json({ pid: process.pid, up_s: Math.floor(process.uptime()), pages: world.live.listeners() }),
  );
  app.get("/api/status", async (c) => c.json(await world.status()));
};
