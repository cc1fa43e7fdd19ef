/** Both books as they stand, BLUE's curves and ledger, and why a scan came to no trade. */
import { messageOf } from "../../domain/failure.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { BOOKS, COUNTED_BOOK, isBook, SHADOW_BOOK } from "../../domain/trading/books.ts";
import { FOREWARNER, scheduleWords } from "../../operations/view/forecast-view.ts";
import { readBookValues } from "../../operations/view/live-values.ts";
import type { Topic } from "../world.ts";

/** A picture carries its own colours, and nothing that runs. */
const PICTURE_POLICY =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

export const addTrading: Topic = (app, world) => {
  app.get("/api/trading", async (c) => {
    const hazelcast = await world.reading.hazelcast();
    const views = world.reading.views();
    const [blue, green, books] = await Promise.all([
      views.ask("trading"),
      // What is wrong with GREEN's version is no matter of BLUE's page.
      views.ask("green").catch((error: unknown) => ({ absent: messageOf(error) })),
      readBookValues(hazelcast, world.nowMs() * US_PER_MS),
    ]);
    return c.json({ names: BOOKS, counted: COUNTED_BOOK, shadow: SHADOW_BOOK, blue, green, books });
  });
  app.get("/api/trading/forecast", async (c) => {
    const nowMs = world.nowMs();
    const [told, { schedules }] = await Promise.all([
      world.reading.views().ask("forecast", nowMs),
      world.status(),
    ]);
    const row = schedules === null ? null : schedules.find((one) => one.schedule === FOREWARNER);
    const asOfMs = "absent" in told ? null : told.asOfMs;
    const nextAt = row?.next_at ?? null;
    return c.json({ ...told, nextAt, trouble: scheduleWords(row, asOfMs, nowMs) });
  });
  /** `of`: the forecast's time, so that the next one is another picture. */
  app.get("/api/trading/forecast.svg", async (c) => {
    const drawn = await world.reading.views().ask("forecastPicture", c.req.query("form") ?? "wide");
    if (drawn === null) return c.text("there is no such picture of a forecast\n", 404);
    c.header("content-security-policy", PICTURE_POLICY);
    return c.body(drawn, 200, { "content-type": "image/svg+xml" });
  });
  app.get("/api/trading/ledger", async (c) => c.json(await world.reading.views().ask("ledger")));
  app.get("/api/trading/prices", async (c) =>
    c.json(await world.reading.views().ask("prices", c.req.query("asset") ?? "")),
  );
  /** Without `seq`: the last decision. */
  app.get("/api/trading/why", async (c) => {
    const book = c.req.query("book") ?? COUNTED_BOOK;
    const asked = c.req.query("seq") ?? null;
    if (!isBook(book)) return c.text(`book must be ${BOOKS.join(" or ")}\n`, 400);
    if (asked !== null && !/^\d{1,15}$/.test(asked)) return c.text("seq must be a number\n", 400);
    const seq = asked === null ? null : Number(asked);
    return c.json(await world.reading.views().ask("why", book, seq));
  });
};
