/**
 * Serves /metrics on loopback, once per host: if another worker has the port, that one serves until it ends.
 * Invariant: only GET and HEAD are answered, and only for our own host names.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "../../adapters/http/node-http.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { keepMetricsPage, type MetricsSources } from "../../operations/metrics/metrics-page.ts";
import { EXPOSITION_TYPE } from "../../wire/metrics/exposition.ts";

export type MetricsOptions = MetricsSources & {
  readonly port: number;
  readonly say: (line: string) => void;
};

const LOOPBACK = "127.0.0.1";
const CONNECTIONS_MAX = 16;
const REQUEST_TIMEOUT_MS = 5_000;
const TRY_EVERY_MS = 5_000;

export function serveMetrics(options: MetricsOptions): { stop(): Promise<void> } {
  const { port, say } = options;
  let page: ReturnType<typeof keepMetricsPage> | null = null;
  let wasReported = false;
  const text = async () => page?.text() ?? "";
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    // A reading that fails is left out of the page; what fails here ends this connection alone.
    answer(request, response, { port, text }).catch(() => response.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  const listen = () => server.listen(port, LOOPBACK);
  let again: NodeJS.Timeout | undefined;
  server.on("error", (error) => {
    if (!wasReported) {
      const whose =
        codeOf(error) === "EADDRINUSE" ? "another process serves them there" : messageOf(error);
      say(`no metrics on port ${port} from here: ${whose}; trying again until it is free`);
    }
    wasReported = true;
    again = setTimeout(listen, TRY_EVERY_MS);
    again.unref();
  });
  server.on("listening", () => {
    // A worker that does not serve makes no requests.
    page ??= keepMetricsPage(options);
    say(`metrics: http://${LOOPBACK}:${port}/metrics`);
  });
  listen();
  return {
    async stop() {
      clearTimeout(again);
      server.close();
      server.closeAllConnections();
      await page?.stop();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  page: { readonly port: number; readonly text: () => Promise<string> },
): Promise<void> {
  const { host } = request.headers;
  const isOwn = [LOOPBACK, "localhost"].some((name) => host === `${name}:${page.port}`);
  const isReading = request.method === "GET" || request.method === "HEAD";
  const isThere = (request.url ?? "/").split("?")[0] === "/metrics";
  const code = !isOwn ? 403 : !isReading ? 405 : isThere ? 200 : 404;
  const body = code === 200 ? await page.text() : "ask for /metrics\n";
  response.writeHead(code, {
    "content-type": code === 200 ? EXPOSITION_TYPE : "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
    ...(code === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
