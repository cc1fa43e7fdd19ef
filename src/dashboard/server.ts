/**
 * The dashboard: one read-only page and the JSON behind it, on loopback.
 * Invariant: no request changes anything; only GET and HEAD are answered, and only to our own names.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { StatusReader } from "../adapters/status/open-status.ts";
import { loadAssets, type Asset } from "./assets.ts";
import { keepHistory } from "./history.ts";

export type DashboardOptions = {
  /** 0: a free one. */
  readonly port: number;
  /** What `dolphin status` reads with; whoever opened it closes it, after the dashboard. */
  readonly reader: StatusReader;
};
export type Dashboard = {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  close(): void;
};

const LOOPBACK = "127.0.0.1";
const CONNECTIONS_MAX = 64;
const REQUEST_TIMEOUT_MS = 5_000;
const HEADERS = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const history = keepHistory(options.reader);
  const assets = await loadAssets();
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request, { assets, history, port: portOf(server) }).then(
      (asset) => send(request, response, asset),
      (error: unknown) => send(request, response, failure(error)),
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  const close = () => {
    history.stop();
    server.close();
    server.closeAllConnections();
  };
  try {
    await listen(server, options.port);
  } catch (error) {
    close();
    throw error;
  }
  return { url: `http://${LOOPBACK}:${portOf(server)}`, close };
}

type World = {
  readonly assets: ReadonlyMap<string, Asset>;
  readonly history: ReturnType<typeof keepHistory>;
  readonly port: number;
};
type Answer = Asset & { readonly code: number };

async function answer(request: IncomingMessage, world: World): Promise<Answer> {
  if (!isOwnName(request.headers.host, world.port)) {
    return text(403, `open this page as http://${LOOPBACK}:${world.port}`);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text(405, "this page only reads; use the dolphin command line to change something");
  }
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  if (path === "/api/status") {
    const dashboard = `http://${LOOPBACK}:${world.port}`;
    return json({ ...(await world.history.latest()), dashboard });
  }
  if (path === "/api/history") return json(world.history.samples());
  const asset = world.assets.get(path);
  return asset === undefined ? text(404, `nothing at ${path}`) : { code: 200, ...asset };
}

/** Another name that resolves to loopback is a page elsewhere that tries to read this one. */
function isOwnName(host: string | undefined, port: number): boolean {
  return [LOOPBACK, "localhost"].some((name) => host === `${name}:${port}`);
}

function json(value: unknown): Answer {
  return { code: 200, type: "application/json; charset=utf-8", body: JSON.stringify(value) };
}

function text(code: number, message: string): Answer {
  return { code, type: "text/plain; charset=utf-8", body: `${message}\n` };
}

function failure(error: unknown): Answer {
  return text(500, error instanceof Error ? error.message : String(error));
}

function send(request: IncomingMessage, response: ServerResponse, { code, type, body }: Answer) {
  response.writeHead(code, {
    ...HEADERS,
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    ...(code === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
