/**
 * Excludes loopback from a configured proxy: gRPC's client, and every program that honours `http_proxy`, would
 * otherwise ask the proxy for 127.0.0.1, too.
 */

const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "::1"];

/** Whether an address, `host:port`, is of this machine by its name. */
export function isOnLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
  return LOOPBACK_HOSTS.includes(host);
}

/** gRPC reads `no_grpc_proxy` in place of `no_proxy` where both are set. */
const NAMES = ["no_proxy", "NO_PROXY", "no_grpc_proxy"];

/** The variables to set so that loopback bypasses the proxy; existing exceptions are kept. */
export function withoutProxyOnLoopback(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const either = env["no_proxy"] || env["NO_PROXY"] || "";
  const entries = NAMES.flatMap((name) => {
    const own = env[name] || "";
    // Set alone, it would hide `no_proxy`.
    if (name === "no_grpc_proxy" && own === "") return [];
    const hosts = (own || either).split(",").map((host) => host.trim());
    const missing = LOOPBACK_HOSTS.filter((host) => !hosts.includes(host));
    return [[name, [...hosts.filter((host) => host !== ""), ...missing].join(",")] as const];
  });
  return Object.fromEntries(entries);
}
