/**
 * The checks of every request, in this order: only our own host names, our headers on every answer, read-only
 * methods. Invariant: a path outside `COMMANDS` is answered only for GET and HEAD, and changes nothing.
 */
import type { MiddlewareHandler } from "hono";
import type { DashboardEnv } from "./world.ts";

/** The routes below it change something, and have further checks: see `commands/`. */
export const COMMANDS = "/command";

export const LOOPBACK = "127.0.0.1";
export const HEADERS = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

type Guard = MiddlewareHandler<DashboardEnv>;

export function guards(url: () => string): readonly Guard[] {
  return [ownHeaders, ownNamesOnly(url), readingOnly];
}

const ownHeaders: Guard = async (c, next) => {
  await next();
  // A route may be stricter.
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!c.res.headers.has(name)) c.header(name, value);
  }
};

/** Another name that resolves to loopback is a foreign page that tries to read this one (DNS rebinding). */
function ownNamesOnly(url: () => string): Guard {
  return async (c, next) => {
    const { port } = new URL(url());
    // The raw header, because a parsed URL omits a default port.
    const { host } = c.env.incoming.headers;
    const isOwn = [LOOPBACK, "localhost"].some((name) =>
      // Port 80 is not sent.
      port === "" ? host === name : host === `${name}:${port}`,
    );
    if (!isOwn) return c.text(`open this page as ${url()}\n`, 403);
    return next();
  };
}

const readingOnly: Guard = async (c, next) => {
  const { method, path } = c.req;
  const isCommand = path === COMMANDS || path.startsWith(`${COMMANDS}/`);
  if (isCommand || method === "GET" || method === "HEAD") return next();
  c.header("allow", "GET, HEAD");
  return c.text("this page is read-only; use the dolphin command line to change something\n", 405);
};
