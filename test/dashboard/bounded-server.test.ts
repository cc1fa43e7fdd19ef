import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { boundedServer, DASHBOARD_BOUNDS } from "../../src/dashboard/bounded-server.ts";

/** Answers `/now` at once and everything else never. */
async function begin(): Promise<Server> {
  const bounds = { ...DASHBOARD_BOUNDS, headMs: 50, lookEveryMs: 10 };
  const server = boundedServer(bounds, ({ url }, response) => {
    if (url === "/now") response.end("here");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

function portOf(server: Server): number {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  return (server.address() as AddressInfo).port;
}

function send(server: Server, text: string): Socket {
  const socket = connect(portOf(server), "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(text);
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
}

const askOf = (path: string) => `GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`;

test("half a head does not keep its connection", async () => {
  const server = await begin();
  const half = send(server, "GET /now HTTP/1.1\r\nHost: ");
  await once(half, "close");
  expect(half.closed).toBe(true);
});

test("a connection with more requests than may wait ends, and one that asks again and again stays", async () => {
  const server = await begin();
  const some = askOf("/never").repeat(DASHBOARD_BOUNDS.waitingMax);
  const patient = send(server, some);
  const greedy = send(server, `${some}${askOf("/never")}`);
  await once(greedy, "close");
  expect(patient.closed).toBe(false);
  const page = send(server, askOf("/now"));
  let text = "";
  page.on("data", (part: Buffer) => (text += part.toString()));
  for (let nth = 1; nth <= 20; nth += 1) {
    while (text.split("here").length <= nth) await once(page, "data");
    page.write(askOf("/now"));
  }
  expect(page.closed).toBe(false);
});
