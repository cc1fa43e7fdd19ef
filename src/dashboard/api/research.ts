/** Runs and sweeps: finished ones, those in progress, and the reports themselves. */
import { messageOf } from "../../domain/failure.ts";
import { readRunning } from "../../operations/view/running-runs.ts";
import type { Topic } from "../world.ts";

/**
 * A report is a page written by a run, with names that somebody chose: it is served without scripts, forms and
 * origin, whatever it contains.
 */
const SHEET_POLICY =
  "sandbox allow-top-navigation-by-user-activation; default-src 'none'; style-src 'unsafe-inline'; " +
  "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const addResearch: Topic = (app, world) => {
  app.get("/api/research", async (c) => c.json(await world.reading.views().ask("research")));
  app.get("/api/research/running", async (c) => {
    try {
      const runs = await world.askTemporal(({ client }) => readRunning(client));
      return c.json({ runs, problem: null });
    } catch (error) {
      return c.json({ runs: [], problem: `Temporal does not answer: ${messageOf(error)}` });
    }
  });
  app.get("/api/research/map", async (c) => {
    const map = await world.reading.views().ask("sweepMap", c.req.query("name") ?? "");
    return typeof map === "string" ? c.text(`${map}\n`, 404) : c.json(map);
  });
  app.get("/research/:name/tear-sheet.html", async (c) => {
    const sheet = await world.reading.views().ask("sheet", c.req.param("name"));
    if (sheet === null) return c.text("there is no report of this name\n", 404);
    c.header("content-security-policy", SHEET_POLICY);
    return c.html(sheet);
  });
};
