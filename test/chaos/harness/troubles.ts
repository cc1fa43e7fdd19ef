/** Faults of a running `up` other than kills: each is injected for real, and undone. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SmallDisk } from "../../helpers/faults/small-disk.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import { dolphin } from "./dolphin-json.ts";
import { goOn, sendSignal } from "../../helpers/processes.ts";

export const TROUBLES = ["audit", "pause", "forget", "disk"] as const;
export type Trouble = (typeof TROUBLES)[number];

/** Longer than a commit waits before it calls Hazelcast away. */
const FROZEN_MS = 7_000;

type Site = {
  readonly stack: ChaosStack;
  /** The data directory's mount; null where this machine does not allow mounts. */
  readonly disk: SmallDisk | null;
  readonly pauseMs: number;
  readonly fullMs: number;
};

/** Returns the services whose life it may have ended, like a kill; null where it is not possible here. */
export async function makeTrouble(site: Site, trouble: Trouble): Promise<readonly string[] | null> {
  switch (trouble) {
    case "audit":
      return auditWhileFrozen(site);
    case "pause":
      return pauseUp(site);
    case "forget":
      return forgetTemporal(site);
    case "disk":
      return fillDisk(site);
  }
}

/** Scans go on meanwhile: what the bridge holds back is not the audit's to write. */
async function auditWhileFrozen({ stack }: Site): Promise<readonly string[]> {
  const { pid } = await stack.find("hazelcast");
  sendSignal(pid, "SIGSTOP");
  try {
    await delay(FROZEN_MS);
    await dolphin(["--data-dir", stack.dataDir, "archive", "audit"]);
  } finally {
    // An audit that takes longer than `up` waits for a frozen member meets another one.
    goOn(pid);
  }
  return ["hazelcast"];
}

/** As a suspended machine or a debugger would, but of `up` alone. */
async function pauseUp({ stack, pauseMs }: Site): Promise<readonly string[]> {
  const { pid } = await stack.find("up");
  sendSignal(pid, "SIGSTOP");
  try {
    await delay(pauseMs);
  } finally {
    sendSignal(pid, "SIGCONT");
  }
  return [];
}

async function forgetTemporal({ stack }: Site): Promise<readonly string[]> {
  const found = await stack.find("temporal");
  rmSync(join(stack.dataDir, "temporal"), { recursive: true, force: true });
  await stack.kill(found);
  return ["temporal"];
}

async function fillDisk({ disk, fullMs }: Site): Promise<readonly string[] | null> {
  if (disk === null) return null;
  disk.fill();
  try {
    await delay(fullMs);
  } finally {
    disk.free();
  }
  // Temporal's server ends by itself when its database can't be written.
  return ["temporal"];
}
