/**
 * Creates again what the server has lost: supervisors, each with its last intent, and, because a server that has lost
 * one may have lost everything, search attributes, schedules and metaHealth. Invariant: schedules are retried until
 * they exist, whichever process created the supervisors or found the loss: a file in the data directory records it.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type { Config } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import {
  rememberSupervisors,
  type RestoringTemporal,
} from "../supervision/remember-supervisors.ts";

export function restoreDeclared(of: {
  readonly temporal: RestoringTemporal;
  readonly config: Config;
  readonly specs: readonly ServiceSpec[];
  /** Whether there must have been a supervisor, although it was never seen. */
  readonly mustHaveBeen: (spec: ServiceSpec) => boolean;
  readonly tell: (line: string) => void;
}): { restore(): Promise<void> } {
  const { temporal, config, specs, tell } = of;
  const memory = rememberSupervisors(temporal, of.mustHaveBeen);
  const debt = openDebt(owedFile(config.data_dir));
  let problem: string | null = null;
  return {
    /** One check; what failed is retried at the next one. */
    async restore() {
      // Temporal is away or starting: the next check will see, and the server's keeper reports it.
      const made = await memory.restore(specs).catch(() => []);
      for (const name of made) tell(`the supervisor of ${name} was gone: created again`);
      if (0 < made.length) debt.owe();
      if (!debt.isOwed()) return;
      try {
        await createAgain(await temporal.sdk(), config);
        debt.pay();
        problem = null;
      } catch (error) {
        const why = messageOf(error);
        if (why !== problem) tell(`schedules could not be created again: ${why}; trying again`);
        problem = why;
      }
    },
  };
}

/** Existing ones are left unchanged, with an operator's pause or stop. */
async function createAgain(temporal: TemporalClient, config: Config): Promise<void> {
  // Not loaded by a process that never needs it.
  const { configuredIndicators } = await import("../indicators/configured-indicators.ts");
  const { createSurroundings } = await import("./create-surroundings.ts");
  await createSurroundings(temporal, config, await configuredIndicators(config));
}

/** There while schedules, search attributes and metaHealth may be missing. */
export function owedFile(dataDir: string): string {
  return join(dataDir, "run", "surroundings-owed");
}

/** In memory, too: a disk that is full or read-only must not lose it before this process ends. */
function openDebt(file: string) {
  let own: "unknown" | "owed" | "paid" = "unknown";
  return {
    isOwed: (): boolean => own === "owed" || (own === "unknown" && existsSync(file)),
    owe(): void {
      own = "owed";
      onDisk(() => {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, "");
      });
    },
    pay(): void {
      own = "paid";
      onDisk(() => rmSync(file, { force: true }));
    },
  };
}

function onDisk(change: () => void): void {
  try {
    change();
  } catch {
    // Doctor and health report the disk.
  }
}
