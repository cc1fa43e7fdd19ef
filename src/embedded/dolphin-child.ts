/** A `dolphin` verb as a guarded child of `dolphin up`: its command line and its environment. */
import { fileURLToPath } from "node:url";
import { STAYING_FLAGS } from "../adapters/process/node-flags.ts";
import { effectiveConfigFile, temporalConfigFile } from "./state/up-state.ts";
import { startGuarded } from "./guarded-process.ts";
import type { GuardedProcess } from "./guarded-process.ts";
import { CHECKOUT } from "./toolchain.ts";

export type ChildWorld = {
  readonly dataDir: string;
  /** host:port of the embedded server. */
  readonly temporal: string;
  readonly namespace: string;
  readonly env: NodeJS.ProcessEnv;
  /** Variables for the configuration's secrets, which are in none of our files. */
  readonly secrets: Readonly<Record<string, string>>;
};
export type DolphinChild = {
  readonly args: readonly string[];
  readonly logFile: string;
  readonly graceSeconds: number;
};

const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));

export function startDolphinChild(world: ChildWorld, child: DolphinChild): Promise<GuardedProcess> {
  return startGuarded({
    command: process.execPath,
    args: [...STAYING_FLAGS, MAIN, ...child.args],
    cwd: CHECKOUT,
    env: childEnvironment(world),
    logFile: child.logFile,
    graceSeconds: child.graceSeconds,
  });
}

/**
 * Below `dolphin up` only the effective configuration and the embedded Temporal server count: an operator's profile
 * must not lead a worker elsewhere.
 */
export function childEnvironment({ dataDir, temporal, namespace, env, secrets }: ChildWorld) {
  const kept = Object.entries(env).filter(([name]) => !/^(DOLPHIN|TEMPORAL)_/.test(name));
  return {
    // As bin/dolphin does for a worker of its own.
    MALLOC_ARENA_MAX: "1",
    MALLOC_TRIM_THRESHOLD_: "131072",
    ...Object.fromEntries(kept),
    ...secrets,
    DOLPHIN_CONFIG: effectiveConfigFile(dataDir),
    TEMPORAL_ADDRESS: temporal,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_CONFIG_FILE: temporalConfigFile(dataDir),
  };
}
