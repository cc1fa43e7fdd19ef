/** A TCP proxy that resets, drops or delays the traffic. */
import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

export type TcpProxy = Awaited<ReturnType<typeof startTcpProxy>>;

/** Listens on `port` and leads to `target` on loopback. */
export async function startTcpProxy(port: number, target: number) {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isRefusing = false;
  let isSwallowing = false;
  let delayMs = 0;
  const pass = (from: Socket, to: Socket): void => {
    from.on("data", (chunk) => {
      if (isSwallowing) return;
      if (delayMs === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), delayMs);
    });
  };
  const server = createServer((client) => {
    if (isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    pass(client, upstream);
    pass(upstream, client);
    for (const socket of pair) {
      socket.setNoDelay(true).on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    /** Resets every connection, and each new one until `restore`. */
    reset(): void {
      isRefusing = true;
      for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    },
    /** Sent data is lost; connections stay open, as when packets are dropped. */
    swallow: () => void (isSwallowing = true),
    delay: (ms: number) => void (delayMs = ms),
    /** Connections that have lost bytes are of no use: they are reset. */
    restore(): void {
      const hasLost = isSwallowing;
      isRefusing = false;
      isSwallowing = false;
      delayMs = 0;
      if (hasLost) for (const pair of pairs) for (const each of pair) each.resetAndDestroy();
    },
    async close(): Promise<void> {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
