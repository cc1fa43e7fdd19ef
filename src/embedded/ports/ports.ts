/** Finds free ports, and the holder of a taken one. Everything binds to loopback. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { codeOf } from "../../domain/failure.ts";

export const LOOPBACK = "127.0.0.1";

/** Used where the kernel does not report its range of ephemeral ports. */
const QUIET = { from: 20_000, to: 32_767 };
const QUIET_PORTS_MIN = 1_000;
const PORT_MAX = 65_535;

/**
 * A free port that is reserved until this process ends. It is outside the kernel's ephemeral range, so that a
 * retrying client can't occupy a server's port.
 */
export async function findFreePort(): Promise<number> {
  const { from, to } = quietPorts(clientPorts());
  const count = to - from + 1;
  const first = randomInt(count);
  for (let at = 0; at < count; at += 1) {
    const port = from + ((first + at) % count);
    if ((await claimPort(port)) && (await isPortFree(port))) return port;
  }
  throw new Error(`no port from ${from} to ${to} is free`);
}

/**
 * True for the first process that claims it on this machine, as long as that lives. A bound UDP port of the same
 * number is the claim: a lock that the kernel releases at any death.
 */
export function claimPort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const claim = createSocket("udp4");
    claim.once("error", (error) => {
      claim.close();
      // Without UDP nobody can claim, and claims are skipped.
      resolve(codeOf(error) !== "EADDRINUSE");
    });
    claim.bind({ port, address: LOOPBACK, exclusive: true }, () => {
      claim.unref();
      resolve(true);
    });
  });
}

type PortRange = { readonly from: number; readonly to: number };

/** Below the ephemeral range where there is room, else above it. */
export function quietPorts(clients: PortRange): PortRange {
  const below = { from: QUIET.from, to: Math.min(QUIET.to, clients.from - 1) };
  if (QUIET_PORTS_MIN <= below.to - below.from) return below;
  const above = { from: clients.to + 1, to: PORT_MAX };
  return QUIET_PORTS_MIN <= above.to - above.from ? above : QUIET;
}

function clientPorts(): PortRange {
  try {
    const text = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    const [from = QUIET.to + 1, to = PORT_MAX] = text.trim().split(/\s+/).map(Number);
    return { from, to };
  } catch {
    return { from: QUIET.to + 1, to: PORT_MAX };
  }
}

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, LOOPBACK, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** Rejects where nothing accepts connections. */
export function probePort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: LOOPBACK, port, timeout: 1_000 });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.once("error", fail);
    socket.once("timeout", () => {
      fail(new Error(`port ${port} did not accept within 1 s`));
    });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
  });
}
