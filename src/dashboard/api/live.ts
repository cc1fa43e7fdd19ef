/** The stream of `live.ts`: `/api/live`, one a page. */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { HEADERS } from "../guards.ts";
import type { Topic } from "../world.ts";

/** After this time a browser that lost us tries again. */
const RETRY_MS = 1_000;

export const addLive: Topic = (app, { live }) => {
  app.get("/api/live", (c) => {
    if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
    const { outgoing } = c.env;
    if (!live.hasRoom()) return c.text("too many pages are open\n", 503);
    // Written past the router: only the socket itself says what a slow page has not taken.
    outgoing.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
    outgoing.write(`retry: ${RETRY_MS}\n\n`);
    live.join(outgoing);
    return RESPONSE_ALREADY_SENT;
  });
};
