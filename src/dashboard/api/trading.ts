/** Both books as they stand, BLUE's curves and ledger, and why a scan came to no trade. */
import { messageOf } from "../../domain/failure.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { BOOKS, COUNTED_BOOK, isBook, SHADOW_BOOK } from "../../domain/trading/books.ts";
import { readBookValues } from "../../operations/view/live-values.ts";
import type { Topic } from "../world.ts";

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
  app.get("/api/trading/ledger", async (c) => c.json(await world.reading.views().ask("ledger")));
  app.get("/api/trading/prices", async (c) =>
    c.json(await world.reading.views().ask("prices", c.req.query("asset") ?? "")),
  );
  /** Without `seq`: the last decision. */
  app.get("/api/trading/why", async (c) => {
    const book = c.req.query("book") ?? COUNTED_BOOK;
    const asked = c.req.query("seq") ?? null;
    if (!isBook(book)) return c.text("book must be BLUE or GREEN\n", 400);
    if (asked !== null && !/^\d{1,15}$/.test(asked)) return c.text("seq must be a number\n", 400);
    const seq = asked === null ? null : Number(asked);
    return c.json(await world.reading.views().ask("why", book, seq));
  });
};
