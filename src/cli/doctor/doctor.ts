/** `dolphin doctor`: checks a machine before a deployment, and with --deployed the deployed stack. */
import type { Command } from "commander";
import {
  type Finding,
  type Grade,
  gravest,
  machineFindings,
  serverFindings,
  stackFindings,
  type StackReadings,
} from "../../domain/deployment/machine-checks.ts";
import { layersInUse } from "../../domain/supervision/declared/schedules.ts";
import { configuredSchedules } from "../../wire/declared/configured-schedules.ts";
import type { StatusReader } from "../../operations/status/open-status.ts";
import type { SystemStatus } from "../../wire/system-status.ts";
import { type CliContext, openConfiguration } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { paint, printable } from "../rendering/terminal.ts";
import { statusOptions } from "../status.ts";
import { machineReadings } from "./machine-readings.ts";

type Flags = { readonly json: boolean; readonly deployed: boolean; readonly servers: boolean };

const HELP = `
Changes nothing, except for a small file in data_dir, which it removes. Run it as the user that DOLPHIN runs as. Before a
deployment the ports must be free. With --deployed, our processes must hold them, servers must answer, every task queue
must have a worker, and the schedules must exist. With --no-servers, Temporal and Hazelcast run elsewhere: their ports on this
machine do not matter, and they must answer before a deployment, too.

Exit status:
  0   all is ok
  1   a warning
  2   something fails
  78  bad configuration`;
const EXITS: Readonly<Record<Grade, number>> = { ok: 0, warn: 1, fail: 2 };
const READINGS_MAX = 4;
const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const;

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description(
      "check this machine before or after a deployment, and say what to do about each problem",
    )
    .option("--deployed", "also check what must run after a deployment", false)
    .option("--no-servers", "Temporal and Hazelcast run elsewhere, as for 'install --no-servers'")
    .option("--json", "print it as JSON", false)
    .addHelpText("after", HELP)
    .action(async ({ json, deployed, servers }: Flags, command: Command) => {
      const context = openConfiguration(command);
      const machine = machineFindings(await machineReadings(context, { servers }), deployed);
      const stack = deployed || !servers ? await stackReadings(context) : null;
      const findings = [
        ...machine,
        ...(stack === null ? [] : deployed ? stackFindings(stack) : serverFindings(stack)),
      ];
      const grade = gravest(findings);
      const text = json ? JSON.stringify({ grade, findings }, null, 2) : tableOf(findings);
      // Pending connections to a server that is away would keep the process alive.
      process.stdout.write(`${text}\n`, () => process.exit(EXITS[grade]));
    });
}

async function stackReadings(context: CliContext): Promise<StackReadings> {
  const { openStatus } = await import("../../operations/status/open-status.ts");
  const { pollersOf } = await import("../../adapters/temporal/task-queues.ts");
  const reader = await openStatus(statusOptions(context));
  const status = await readPatiently(reader);
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
    queues: isAway ? null : await pollersOf(reader.reads, layers).catch(() => null),
    schedules,
    schedulesWanted: configuredSchedules(context.config).map(({ name }) => name),
  };
}

/** A busy machine's server may miss the limit of one reading, which is the status of an instant. */
async function readPatiently(reader: StatusReader): Promise<SystemStatus> {
  for (let reading = 1; ; reading += 1) {
    const status = await reader.read();
    const isSilent = status.servers.some(({ problem }) => problem !== null);
    if (!isSilent || reading === READINGS_MAX) return status;
  }
}

function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, grade, found, todo }) => [
    paint(COLOURS[grade], grade),
    check,
    printable(todo === null ? found : `${found}; ${todo}`),
  ]);
  return aligned(rows).join("\n");
}
