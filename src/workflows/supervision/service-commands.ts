/** The updates and the query of a supervisor, for operators and `dolphin create`. */
import { setHandler } from "@temporalio/workflow";
import { isStarted } from "../../domain/supervision/supervisor/supervise.ts";
import type { SupervisorRun } from "../../domain/supervision/supervisor/supervision.ts";
import {
  answerToRecovery,
  type SupervisorCommand,
  type RecoverCommand,
} from "../../domain/supervision/supervisor/supervisor-state.ts";
import type { ServiceStatus } from "../../wire/supervision.ts";
import {
  expectNoArgument,
  integerFrom,
  invalidInput,
  openInput,
  readDeclaration,
  readMode,
  text,
} from "../input.ts";
import {
  configureUpdate,
  recoverUpdate,
  restartUpdate,
  setModeUpdate,
  startUpdate,
  statusQuery,
  stopUpdate,
} from "../messages/supervision.ts";
type Commanded = {
  readonly now: () => SupervisorRun;
  /** Applies a command and answers once it took effect, or when its time is over. */
  readonly command: (
    command: SupervisorCommand,
    isEffective: (now: SupervisorRun) => boolean,
  ) => Promise<ServiceStatus>;
  readonly learned: () => Promise<void>;
  readonly status: () => ServiceStatus;
};

const NOT_ENABLED =
  "the service was not enabled in the configuration (services, books) at the last 'dolphin create'; " +
  "enable it there, and run 'dolphin create'";

export function handleCommands({ now, command, learned, status }: Commanded): void {
  const starts = {
    validator: (raw: unknown): void => {
      expectNoArgument(raw);
      if (now().state.declared?.enabled === false) throw invalidInput(NOT_ENABLED);
    },
  };
  setHandler(startUpdate, () => command({ kind: "start" }, isStarted), {
    ...starts,
    description: "Starts the service, if it is not running; returns its status",
  });
  setHandler(stopUpdate, () => command({ kind: "stop" }, ({ state }) => state.run === null), {
    validator: expectNoArgument,
    description: "Stops the service and keeps it stopped; returns its status",
  });
  setHandler(
    restartUpdate,
    () => {
      const target = now().starts + 1;
      return command({ kind: "restart" }, (then) => target <= then.starts && isStarted(then));
    },
    {
      ...starts,
      description: "Ends the running process and starts the next, without cost in restart budget",
    },
  );
  setHandler(
    setModeUpdate,
    async (raw) => {
      await learned();
      return command({ kind: "set mode", mode: readMode(raw) }, () => true);
    },
    {
      validator: (raw) => void readMode(raw),
      description: "auto: restarts by policy; monitor-only: says what it would do",
    },
  );
  setHandler(
    configureUpdate,
    (raw) => command({ kind: "configure", declared: readDeclaration(raw) }, () => true),
    {
      validator: (raw) => void readDeclaration(raw),
      description: "The configuration of the service; changed keys take effect",
    },
  );
  handleRecovery({ now, command, learned });
  setHandler(statusQuery, status, {
    description: "What the service is doing, why, and what comes next",
  });
}

function handleRecovery({ now, command, learned }: Omit<Commanded, "status">): void {
  setHandler(
    recoverUpdate,
    async (raw) => {
      const order = readRecovery(raw);
      await learned();
      const { state, brief } = now();
      const { done, says } = answerToRecovery(state, order, brief.policy);
      await command(order, () => true);
      return { done, says };
    },
    {
      validator: (raw) => void readRecovery(raw),
      description: "From metaHealth: ends the process as unhealthy, if the budget allows another",
    },
  );
}

function readRecovery(raw: unknown): RecoverCommand {
  const read = openInput(raw, ["decision", "why", "at_ms"]);
  const decision = read("decision", text);
  const atMs = read("at_ms", integerFrom(1));
  if (decision === undefined) throw invalidInput("field 'decision' is missing: its id");
  if (atMs === undefined) throw invalidInput("field 'at_ms' is missing: the time of the decision");
  return { kind: "recover", decision, atMs, why: read("why", text) ?? "asked for by metaHealth" };
}
