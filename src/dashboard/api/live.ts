/** The stream of `live.ts`: `/api/live`, one a page. */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { HEADERS } from "../guards.ts";
import type { Topic } from "../world.ts";

/** Reconnection delay for browsers that lost the stream. */
const RETRY_MS = 1_000;

export const addLive: Topic = (app, { live }) => {
  app.get("/api/live", (c) => {
    if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
    const { outgoing } = c.env;
    if (!live.hasRoom()) return c.text("too many pages are open\n", 503);
    // Written directly to the socket, because only the socket knows what a slow page has not read.
    outgoing.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
    outgoing.write(`retry: ${RETRY_MS}\n\n`);
    live.join(outgoing);
    return RESPONSE_ALREADY_SENT;
  });
};
