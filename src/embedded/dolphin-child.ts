/** `dolphin` verbs as children of `dolphin up`: their command line and their environment. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS, STAYING_FLAGS } from "../adapters/process/node-flags.ts";
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

export type VerbEnd = { readonly exit: number | null; readonly out: string; readonly err: string };

/** A verb that ends by itself, or with the signal; `begin` ends its standard input. */
export function runDolphinVerb(
  world: ChildWorld,
  args: readonly string[],
  signal: AbortSignal,
): { begin(): void; readonly ended: Promise<VerbEnd> } {
  const env = childEnvironment(world);
  const ended = Promise.withResolvers<VerbEnd>();
  const child = execFile(
    process.execPath,
    [...NODE_FLAGS, MAIN, ...args],
    { cwd: CHECKOUT, env, signal },
    (_error, out, err) => ended.resolve({ exit: child.exitCode, out, err }),
  );
  // It may have ended before.
  child.stdin?.on("error", () => undefined);
  return { begin: () => child.stdin?.end(), ended: ended.promise };
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
