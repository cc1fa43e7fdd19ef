/** `dolphin doctor`: checks a machine before a deployment, and with --deployed the deployed stack. */
import type { Command } from "commander";
import {
  type Finding,
  type Grade,
  gravest,
  machineFindings,
  stackFindings,
  type StackReadings,
} from "../../domain/deployment/machine-checks.ts";
import { layersInUse } from "../../domain/supervision/declared/schedules.ts";
import { configuredSchedules } from "../../wire/declared/configured-schedules.ts";
import { type CliContext, openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { paint, printable } from "../rendering/terminal.ts";
import { statusOptions } from "../status.ts";
import { machineReadings } from "./machine-readings.ts";

type Flags = { readonly json: boolean; readonly deployed: boolean };

const HELP = `
Changes nothing, except for a small file in data_dir, which it removes. Run it as the user that DOLPHIN runs as. Before a
deployment the ports must be free. With --deployed, our processes must hold them, servers must answer, every task queue
must have a worker, and the schedules must exist.

Exit status:
  0   all is ok
  1   a warning
  2   something fails
  78  bad configuration`;
const EXITS: Readonly<Record<Grade, number>> = { ok: 0, warn: 1, fail: 2 };
const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description(
      "check this machine before or after a deployment, and say what to do about each problem",
    )
    .option("--deployed", "also check what must run after a deployment", false)
    .option("--json", "print it as JSON", false)
    .addHelpText("after", HELP)
    .action(async ({ json, deployed }: Flags, command: Command) => {
      const context = openContext(command);
      const machine = machineFindings(await machineReadings(context), deployed);
      const findings = deployed
        ? [...machine, ...stackFindings(await stackReadings(context))]
        : machine;
      const grade = gravest(findings);
      const text = json ? JSON.stringify({ grade, findings }, null, 2) : tableOf(findings);
      // Pending connections to a server that is away would keep the process alive.
      process.stdout.write(`${text}\n`, () => process.exit(EXITS[grade]));
    });
}

async function stackReadings(context: CliContext): Promise<StackReadings> {
  const { openStatus } = await import("../../operations/status/open-status.ts");
  const { pollersOf } = await import("../../operations/declared/task-queues.ts");
  const reader = await openStatus(statusOptions(context));
  const status = await reader.read();
  const { schedules } = status;
  const servers = status.servers.map(({ server, address, problem, answered_ms }) => ({
    server,
    address,
    problem: problem ?? (answered_ms === null ? "no answer" : null),
  }));
  const isAway = servers.some(({ server, problem }) => server === "temporal" && problem !== null);
  const layers = layersInUse(context.config);
  return {
    servers,
    queues: isAway ? null : await pollersOf(reader.temporal.reads, layers).catch(() => null),
    schedules,
    schedulesWanted: configuredSchedules(context.config).map(({ name }) => name),
  };
}

function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, grade, found, todo }) => [
    paint(COLOURS[grade], grade),
    check,
    printable(todo === null ? found : `${found}; ${todo}`),
  ]);
  return aligned(rows).join("\n");
}
