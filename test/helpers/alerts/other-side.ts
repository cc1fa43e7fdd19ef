/** The provider's side of a channel: a server on loopback that answers as configured, and records its requests. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";

export type Heard = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};
type Answering = (response: ServerResponse, heard: Heard) => void;

export type OtherSide = {
  readonly url: string;
  readonly port: number;
  readonly heard: Heard[];
  /** From now on; a list is answered from its beginning, its last for good. */
  answer(...answers: readonly Answering[]): void;
  close(): Promise<void>;
};

export async function openOtherSide(tls?: { key: string; cert: string }): Promise<OtherSide> {
  const heard: Heard[] = [];
  let answers: readonly Answering[] = [ok()];
  const hear = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("error", () => {});
    response.on("error", () => {});
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const all = { method, path: url, headers, body: Buffer.concat(chunks).toString("utf8") };
      heard.push(all);
      const [now, ...rest] = answers;
      if (0 < rest.length) answers = rest;
      now?.(response, all);
    });
  };
  const server: Server = tls === undefined ? createServer(hear) : createTlsServer(tls, hear);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    heard,
    answer: (...given) => (answers = given),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export function ok(body = "ok", status = 200): Answering {
  return (response) => response.writeHead(status).end(body);
}

export function answering(
  status: number,
  { headers = {}, body = "" }: { headers?: Record<string, string>; body?: string } = {},
): Answering {
  return (response) => response.writeHead(status, headers).end(body);
}

/** Hears, and says nothing. */
export function silent(): Answering {
  return () => {};
}

/** Status and headers at once, then a byte now and then, for good. */
export function dripping(status: number): Answering {
  return (response) => {
    response.writeHead(status);
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  };
}

export function flooding(status: number, bytes: number): Answering {
  return (response) => response.writeHead(status).end(Buffer.alloc(bytes, "x"));
}

/** No HTTP. */
export function babbling(): Answering {
  return (response) => response.socket?.end("babble\r\n\r\n");
}
