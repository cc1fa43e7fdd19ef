/**
 * A proxy in the environment is for other machines: gRPC's client, and every program that honours
 * `http_proxy`, would ask it for 127.0.0.1, too.
 */

const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "::1"];
/** gRPC reads `no_grpc_proxy` before, and instead of, `no_proxy`. */
const NAMES = ["no_proxy", "NO_PROXY", "no_grpc_proxy"];

/** The variables to set, so that loopback goes to no proxy; what they except already stays excepted. */
export function withoutProxyOnLoopback(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const either = env["no_proxy"] || env["NO_PROXY"] || "";
  const entries = NAMES.flatMap((name) => {
    const own = env[name] || "";
    // Where it is not set it would hide `no_proxy`.
    if (name === "no_grpc_proxy" && own === "") return [];
    const hosts = (own || either).split(",").map((host) => host.trim());
    const missing = LOOPBACK_HOSTS.filter((host) => !hosts.includes(host));
    return [[name, [...hosts.filter((host) => host !== ""), ...missing].join(",")] as const];
  });
  return Object.fromEntries(entries);
}
