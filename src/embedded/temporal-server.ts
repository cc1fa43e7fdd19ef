/** The real Temporal development server with Web UI, on a file database, bound to loopback. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Connection } from "@temporalio/client";
import { SEARCH_ATTRIBUTES } from "../workflows/names.ts";
import { startGuarded } from "./guarded-process.ts";
import type { GuardedProcess } from "./guarded-process.ts";
import { LOOPBACK } from "./ports/ports.ts";
import { untilReady } from "./until-ready.ts";

export type TemporalServerOptions = {
  /** The Temporal CLI. */
  readonly binary: string;
  readonly port: number;
  readonly uiPort: number;
  readonly dbFile: string;
  readonly logFile: string;
  readonly namespace: string;
};
export type TemporalServer = GuardedProcess & { readonly address: string };

const READY_WITHIN_MS = 60_000;
const CALL_DEADLINE_MS = 2_000;
const GRACE_SECONDS = 10;

/** Resolves when the server answers for the namespace; rejects, with nothing left, when it can't start. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  mkdirSync(dirname(options.dbFile), { recursive: true });
  const address = `${LOOPBACK}:${options.port}`;
  const server = await startGuarded({
    command: options.binary,
    args: serverArguments(options),
    cwd: dirname(options.dbFile),
    env: process.env,
    logFile: options.logFile,
    graceSeconds: GRACE_SECONDS,
  });
  await untilReady({
    name: "Temporal",
    process: server,
    logFile: options.logFile,
    withinMs: READY_WITHIN_MS,
    probe: () => probeTemporal(address, options.namespace),
  });
  return { ...server, address };
}

/** Asks by protocol: an open port is no answer. */
export async function probeTemporal(address: string, namespace: string): Promise<void> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + CALL_DEADLINE_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } finally {
    await connection.close();
  }
}

function serverArguments(options: TemporalServerOptions): string[] {
  return [
    "server",
    "start-dev",
    `--ip=${LOOPBACK}`,
    `--port=${options.port}`,
    `--ui-port=${options.uiPort}`,
    `--db-filename=${options.dbFile}`,
    `--namespace=${options.namespace}`,
    ...SEARCH_ATTRIBUTES.map((name) => `--search-attribute=${name}=Keyword`),
    "--log-level=warn",
    "--log-format=json",
  ];
}
