/**
 * Commands to services, a group or all of them, through their supervisors, for the command line and the dashboard.
 */
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import type { Config } from "../../config.ts";
import { chosenServices, serviceChoices } from "../../domain/supervision/chosen-services.ts";
import { EXIT_CONFIGURATION, EXIT_FENCED } from "../../domain/supervision/exit-codes.ts";
import { SERVICES } from "../../domain/supervision/services.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { declarationOf } from "../../wire/declared/configured-services.ts";
import type { ServiceStatus } from "../../wire/supervision.ts";
import { taskQueueOf } from "../../workflows/names.ts";
import { CommandRefused } from "../command-refused.ts";
import { expectTemporal } from "../expect-temporal.ts";
import { commandService, intentOf, type ServiceCommandName } from "./supervisor-commands.ts";

/** The names that a command accepts. */
export const COMMANDABLE: readonly string[] = serviceChoices(Object.values(SERVICES));

export type AskedCommand = {
  readonly name: ServiceCommandName;
  /** One service, a group, or all. */
  readonly service: string;
  readonly config: Config;
  readonly id: string;
  readonly warn: (text: string) => void;
  /** Aborted when the requester has disconnected: no further service gets the command. */
  readonly signal?: AbortSignal;
};

export type Commanded = {
  readonly statuses: readonly ServiceStatus[];
  /** Exit code of the command line; 0: all services did as asked. */
  readonly exit: number;
};

/** @throws {CommandRefused} where Temporal, a worker or a supervisor is missing. */
export async function commandServices(
  temporal: TemporalClient,
  asked: AskedCommand,
): Promise<Commanded> {
  const { name, service } = asked;
  await expectTemporal(temporal);
  const named = chosenServices(Object.values(SERVICES), service);
  const isOne = named.length === 1 && service === named[0]?.name;
  const meant =
    name === "restart" && !isOne ? await notStopped(temporal, named, asked.warn) : named;
  const startable = name === "stop" ? meant : enabledOnes(meant, asked, isOne);
  // Services are stopped after those that depend on them.
  const specs = name === "stop" ? startable.toReversed() : startable;
  const statuses: ServiceStatus[] = [];
  for (const spec of specs) {
    asked.signal?.throwIfAborted();
    const status = await send(temporal, spec, asked);
    if (status !== null) statuses.push(status);
    else if (isOne) throw new CommandRefused(unsupervised(spec));
    // A service that a newer release added has no supervisor before the next 'dolphin create'.
    else asked.warn(`dolphin: ${unsupervised(spec)}\n`);
  }
  const exit = Math.max(0, ...statuses.map((status) => exitCodeOf(status, name)));
  return { statuses, exit };
}

/** @throws {CommandRefused} when the named service is disabled. */
function enabledOnes(
  specs: readonly ServiceSpec[],
  { config, warn }: AskedCommand,
  isOne: boolean,
): readonly ServiceSpec[] {
  return specs.filter((spec) => {
    if (declarationOf(spec, config).enabled) return true;
    const what = `${spec.name} is not enabled in the configuration (services, books)`;
    if (isOne) throw new CommandRefused(`${what}; enable it there, and run 'dolphin create'`);
    warn(`dolphin: ${what}, and stays stopped\n`);
    return false;
  });
}

/** `restart all` does not start a service that was stopped or never started. */
async function notStopped(
  temporal: TemporalClient,
  specs: readonly ServiceSpec[],
  warn: AskedCommand["warn"],
): Promise<readonly ServiceSpec[]> {
  const running: ServiceSpec[] = [];
  for (const spec of specs) {
    if ((await intentOf(temporal, spec)) === "running") running.push(spec);
    else warn(`dolphin: ${spec.name} is stopped, and stays so\n`);
  }
  return running;
}

function unsupervised({ name }: ServiceSpec): string {
  return `${name} has no supervisor; 'dolphin start ${name}' starts both`;
}

/** Null where it has no supervisor. */
async function send(
  temporal: TemporalClient,
  spec: ServiceSpec,
  command: Pick<AskedCommand, "name" | "id">,
): Promise<ServiceStatus | null> {
  const outcome = await commandService(temporal, spec, command);
  switch (outcome.kind) {
    case "done":
      return outcome.status;
    case "no_supervisor":
      return null;
    case "refused":
      throw new CommandRefused(`${spec.name}: ${outcome.why}`);
    case "no_answer":
      throw new CommandRefused(
        `no worker on task queue ${taskQueueOf(spec.layer)} executed the command; ` +
          `is 'dolphin worker ${spec.layer}' running? The command is executed when one starts`,
        1,
        true,
      );
  }
}

/** The result, as a line. */
export function commandedLine(status: ServiceStatus): string {
  const pid = status.pid === null ? "" : `, pid ${status.pid}`;
  return `${status.service}: ${status.word} (life ${status.life}${pid}): ${status.reason}`;
}

function exitCodeOf(status: ServiceStatus, name: ServiceCommandName): number {
  if (name === "stop") return status.pid === null ? 0 : 1;
  if (status.pid !== null) return 0;
  if (status.word === "Fenced") return EXIT_FENCED;
  return status.last_end?.kind === "misconfigured" ? EXIT_CONFIGURATION : 1;
}
