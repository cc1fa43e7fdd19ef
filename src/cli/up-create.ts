/** Does what `dolphin create` does, beside the running stack, until it has worked once. */
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { childEnvironment, dolphinArguments } from "../embedded/dolphin-child.ts";
import { CHECKOUT } from "../embedded/toolchain.ts";
import type { StackOptions } from "../embedded/stack.ts";

const DEADLINE_MS = 30_000;
const RETRY_MS = 3_000;

export function createSupervisors({ world, onEvent }: StackOptions): {
  /** What is still wrong, for the summary. */
  failures(): readonly string[];
  giveUp(): void;
} {
  const over = new AbortController();
  const { signal } = over;
  let failure: string | null = "the supervisors were not created yet";
  const run = async () => {
    while (!signal.aborted && failure !== null) {
      failure = await createOnce(world, signal);
      if (failure === null) return;
      if (!signal.aborted) onEvent("warn", `${failure}; it is tried again`);
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  void run();
  return {
    failures: () => (failure === null ? [] : [failure]),
    giveUp() {
      over.abort();
    },
  };
}

/** Null when it worked. */
async function createOnce(
  world: StackOptions["world"],
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await promisify(execFile)(process.execPath, dolphinArguments(["create"]), {
      cwd: CHECKOUT,
      env: childEnvironment(world),
      timeout: DEADLINE_MS,
      signal,
    });
    return null;
  } catch (error) {
    const told = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    return `'dolphin create' failed: ${told === "" ? String(error) : told}`;
  }
}
