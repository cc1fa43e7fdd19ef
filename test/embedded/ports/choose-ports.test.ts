import { createServer } from "node:net";
import type { Server } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { choosePorts } from "../../../src/embedded/ports/choose-ports.ts";
import { claimPort, findFreePort, quietPorts } from "../../../src/embedded/ports/ports.ts";

let server: Server;
let taken = 0;
beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  taken = address !== null && typeof address === "object" ? address.port : 0;
});
afterEach(() => {
  server.close();
});

async function freePorts() {
  const [hazelcast = 0, temporal = 0, temporal_ui = 0, dashboard = 0, metrics = 0] =
    await Promise.all([1, 2, 3, 4, 5].map(() => findFreePort()));
  return { hazelcast, temporal, temporal_ui, dashboard, metrics };
}

describe("ports", () => {
  test("are the configured ones where these are free", async () => {
    const wanted = await freePorts();
    expect(await choosePorts(wanted, null)).toEqual(wanted);
  });

  test("that are taken are named, with who has them", async () => {
    const wanted = { ...(await freePorts()), hazelcast: taken };
    const holder = process.platform === "linux" ? ` by .* \\(pid ${process.pid}\\)` : "";
    const text = new RegExp(`^port ${taken} \\(ports.hazelcast\\) is taken${holder}; stop it`);
    await expect(choosePorts(wanted, null)).rejects.toThrow(text);
  });

  test("that are given twice are refused", async () => {
    const free = await freePorts();
    const wanted = { ...free, temporal_ui: free.temporal };
    await expect(choosePorts(wanted, null)).rejects.toThrow(`port ${free.temporal} (ports.temp`);
  });

  test("are chosen with auto, and where one is 0", async () => {
    const wanted = { ...(await freePorts()), hazelcast: taken };
    const auto = await choosePorts(wanted, {});
    expect(new Set(Object.values(auto)).size).toBe(5);
    expect(Object.values(auto)).not.toContain(taken);
    const free = await freePorts();
    const one = await choosePorts({ ...free, metrics: 0 }, null);
    expect(one).toEqual({ ...free, metrics: one.metrics });
    expect(one.metrics).toBeGreaterThan(0);
  });

  test("with auto are those of the start before, but for one that somebody has", async () => {
    const wanted = await freePorts();
    // Nobody has claimed it: it was a server's.
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const dashboard = address !== null && typeof address === "object" ? address.port : 0;
    await new Promise((resolve) => other.close(resolve));
    const auto = await choosePorts(wanted, { dashboard, temporal_ui: taken });
    expect(auto.dashboard).toBe(dashboard);
    expect(Object.values(auto)).not.toContain(taken);
  });
});

describe("a free port", () => {
  test("is given once, though nobody listens on it yet", async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => findFreePort()));
    expect(new Set(ports).size).toBe(50);
    const claimed = await Promise.all(ports.map((port) => claimPort(port)));
    expect(claimed.filter(Boolean)).toEqual([]);
  });

  test.each([
    [
      { from: 32_768, to: 60_999 },
      { from: 20_000, to: 32_767 },
    ],
    [
      { from: 49_152, to: 65_535 },
      { from: 20_000, to: 32_767 },
    ],
    [
      { from: 25_000, to: 65_535 },
      { from: 20_000, to: 24_999 },
    ],
    [
      { from: 10_000, to: 60_999 },
      { from: 61_000, to: 65_535 },
    ],
    [
      { from: 1_024, to: 65_535 },
      { from: 20_000, to: 32_767 },
    ],
  ])("where clients get theirs from %j is one of %j", (clients, quiet) => {
    expect(quietPorts(clients)).toEqual(quiet);
  });
});
