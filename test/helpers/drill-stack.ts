/** A running `dolphin up --demo` for drills, and the checks after each. */
import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { contextOf } from "../../src/cli/context.ts";
import { AuditJson, checkBooks } from "../simulation/checkers/books-balance.ts";
import { dolphin } from "../chaos/harness/dolphin-json.ts";
import { processesOn, sendSignal, stateOf, until } from "./processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "./servers.ts";
import { DOLPHIN, readUp, startUp } from "./up.ts";

export type DrillStack = Awaited<ReturnType<typeof openDrillStack>>;

const PROCESSES_MAX = 64;
const BALANCES_WITHIN_MS = 120_000;
const Point = z.object({
  name: z.string(),
  atS: z.number().nullable(),
  tookS: z.number().nullable(),
  budgetS: z.number().nullable(),
  isMet: z.boolean().nullable(),
  note: z.string().nullable(),
});
const Result = z.object({
  fault: z.string(),
  outcome: z.string(),
  how: z.string(),
  timeline: z.array(Point),
  restarted_beyond: z.array(z.string()),
});
export type DrillJson = z.infer<typeof Result>;
const Report = z.object({ drills: z.array(Result) });

/** No delay before a restart, and an unlimited budget: the recovery is tested, not the policy. */
export const PATIENT = { supervision: { restarts_max: 1_000, delays_s: [0] } };

export async function openDrillStack(
  name: string,
  how: {
    readonly settings?: object;
    readonly env?: NodeJS.ProcessEnv;
    readonly root?: string;
    /** Instead of the demo with its simulator. */
    readonly args?: readonly string[];
  } = {},
) {
  const root = how.root ?? makeTemporaryDirectory(name);
  const dataDir = join(root, "data");
  const config = join(root, "dolphin.yaml");
  writeFileSync(config, JSON.stringify({ ...PATIENT, ...how.settings }));
  const env = { ...how.env, DOLPHIN_CONFIG: config };
  const up = startUp(dataDir, [...(how.args ?? ["--demo"]), "--ports", "auto"], env);
  await up.untilUp();
  const args = (...more: readonly string[]) => ["--data-dir", dataDir, ...more];
  return {
    root,
    dataDir,
    env,
    output: up.output,
    context: () => contextOf({ env, cwd: root, flags: { data_dir: dataDir } }),
    pidOf: (service: string) => readUp(dataDir)?.services[service]?.pid,
    async drill(fault: string): Promise<DrillJson> {
      const { stdout, stderr } = await dolphin(args("drill", fault, "--json"), env);
      const [result] = report(stdout)?.drills ?? [];
      if (result === undefined) throw new Error(`dolphin drill ${fault}: ${stdout}${stderr}`);
      return result;
    },
    /** A drill as a process, to be interrupted. */
    beginDrill(fault: string) {
      const child = spawn(DOLPHIN, args("drill", fault), {
        env: { ...process.env, ...env },
        stdio: "ignore",
      });
      const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
      return { pid: child.pid, ended };
    },
    /** Every file has one seq, the ringbuffer has them all, and there are not more processes than parts. */
    async untilAllHolds(): Promise<void> {
      let faults: readonly string[] = [];
      const isSo = async (): Promise<boolean> => {
        const { stdout, stderr } = await dolphin(args("archive", "audit", "--json"), env);
        faults = audited(stdout) ?? [`audit: ${stdout}${stderr}`];
        return faults.length === 0;
      };
      await until(isSo, { ms: BALANCES_WITHIN_MS, tell: () => faults.join("\n") });
      const processes = processesOn(root);
      if (PROCESSES_MAX < processes.length) throw new Error(JSON.stringify(processes));
    },
    /** What a drill has left: records of faults, and processes that stand still. */
    leftovers(): readonly string[] {
      const stopped = processesOn(root).filter(({ pid }) => stateOf(pid) === "T");
      return [...namesIn(join(dataDir, "drills")), ...stopped.map(({ command }) => command)];
    },
    async close(): Promise<void> {
      sendSignal(up.pid, "SIGTERM");
      await up.ended;
      await untilNothingRunsOn(dataDir);
      if (how.root === undefined) removeTemporaryDirectory(root);
    },
  };
}

function report(text: string): z.infer<typeof Report> | null {
  try {
    return Report.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function audited(text: string): readonly string[] | null {
  try {
    return checkBooks(AuditJson.parse(JSON.parse(text)));
  } catch {
    return null;
  }
}

function untilNothingRunsOn(dir: string): Promise<void> {
  const tell = () => JSON.stringify(processesOn(dir));
  return until(() => processesOn(dir).length === 0, { ms: 60_000, tell });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
