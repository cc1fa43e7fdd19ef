/**
 * The ports of a start: the configured ones, which must be free; or free ones, those of the start before where they
 * still are, so that a page that is open finds its server again.
 */
import { ConfigError } from "../../config.ts";
import type { Config } from "../../config.ts";
import { holderOfPort } from "./port-holder.ts";
import { claimPort, findFreePort, isPortFree } from "./ports.ts";

export type Ports = Config["ports"];
type PortName = keyof Ports;

const NAMES = ["hazelcast", "temporal", "temporal_ui", "dashboard", "metrics"] as const;

/**
 * `before`: ports of the start before, as far as they are known; null: the configured ones are wanted.
 * @throws {ConfigError} that names each taken port, and its holder where that is known.
 */
export async function choosePorts(
  configured: Ports,
  before: Partial<Ports> | null,
): Promise<Ports> {
  const chosen: Record<PortName, number> = { ...configured };
  const taken: string[] = [];
  const used = new Set<number>();
  for (const name of NAMES) {
    const wanted = configured[name];
    // Not the default even if it is free: another `up` may be about to take it.
    if (before !== null || wanted === 0) {
      const again = before?.[name] === wanted ? undefined : before?.[name];
      chosen[name] = (await againOf(again, used)) ?? (await findUnusedPort(used));
    } else if (used.has(wanted) || !(await isPortFree(wanted))) taken.push(describe(name, wanted));
    used.add(chosen[name]);
  }
  if (taken.length > 0) {
    throw new ConfigError(
      `${taken.join("; ")}; stop it, choose another in dolphin.yaml, or use --ports auto`,
    );
  }
  return chosen;
}

/** Null: somebody else has it, or is about to. */
async function againOf(
  port: number | undefined,
  used: ReadonlySet<number>,
): Promise<number | null> {
  if (port === undefined || used.has(port)) return null;
  return (await claimPort(port)) && (await isPortFree(port)) ? port : null;
}

async function findUnusedPort(used: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = await findFreePort();
    if (!used.has(port)) return port;
  }
}

function describe(name: PortName, port: number): string {
  const holder = holderOfPort(port);
  return `port ${port} (ports.${name}) is taken${holder === null ? "" : ` by ${holder.name}`}`;
}
