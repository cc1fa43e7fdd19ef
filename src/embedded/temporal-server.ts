/** The real Temporal development server with Web UI, on a file database, bound to loopback. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createThinCalls } from "../adapters/temporal/thin/thin-calls.ts";
import {
  describeNamespaceRequest,
  retentionIn,
  updateRetentionRequest,
} from "../adapters/temporal/thin/thin-messages.ts";
import type { TemporalCall } from "../adapters/temporal/temporal-reads.ts";
import { SEARCH_ATTRIBUTES } from "../workflows/names.ts";
import { startGuarded, withoutOverrides } from "./guarded-process.ts";
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
  /** How long closed workflows are kept. */
  readonly retentionH: number;
};
export type TemporalServer = GuardedProcess & { readonly address: string };

/**
 * Four partitions per task queue are meant for many servers: with them a task may wait in one while a worker polls
 * another. In an older database the others may still hold tasks, so they continue to be read.
 */
const WRITE_ONE = "--dynamic-config-value=matching.numTaskqueueWritePartitions=1";
const READ_ONE = "--dynamic-config-value=matching.numTaskqueueReadPartitions=1";
/**
 * One connection serves all calls: with SQLite's default journal it waits for three syncs of the disk per write, with a
 * write-ahead log for one. As durable: `synchronous` stays FULL. `bench:temporal` compares them.
 */
const WRITE_AHEAD = "--sqlite-pragma=journal_mode=WAL";
const READY_WITHIN_MS = 60_000;
const CALL_DEADLINE_MS = 2_000;
const GRACE_SECONDS = 10;
const SECONDS_PER_HOUR = 3_600;

/** Resolves when the server answers for the namespace; rejects, with nothing left running, when it can't start. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  mkdirSync(dirname(options.dbFile), { recursive: true });
  const address = `${LOOPBACK}:${options.port}`;
  const server = await startGuarded({
    command: options.binary,
    args: serverArguments(options),
    cwd: dirname(options.dbFile),
    env: withoutOverrides(process.env),
    logFile: options.logFile,
    graceSeconds: GRACE_SECONDS,
  });
  await untilReady({
    name: "Temporal",
    process: server,
    logFile: options.logFile,
    withinMs: READY_WITHIN_MS,
    probe: () => keepFor(address, options),
  });
  return { ...server, address };
}

/**
 * Asks by protocol, because an open port is not enough, and over a connection of its own, because one that is open says
 * nothing of the port. Without the SDK, whose connection costs ten times as much as the answer.
 */
export async function probeTemporal(address: string, namespace: string): Promise<void> {
  await withServer(address, namespace, (call) =>
    call({ method: "DescribeNamespace", request: describeNamespaceRequest(namespace) }),
  );
}

/** The server creates its namespace with a day's retention; the database keeps later settings. */
async function keepFor(
  address: string,
  { namespace, retentionH }: Pick<TemporalServerOptions, "namespace" | "retentionH">,
): Promise<void> {
  await withServer(address, namespace, async (call) => {
    const request = describeNamespaceRequest(namespace);
    const wantedS = retentionH * SECONDS_PER_HOUR;
    if (retentionIn(await call({ method: "DescribeNamespace", request })) === wantedS) return;
    await call({
      method: "UpdateNamespace",
      request: updateRetentionRequest(namespace, wantedS),
    });
  });
}

async function withServer(
  address: string,
  namespace: string,
  ask: (call: TemporalCall) => Promise<unknown>,
): Promise<void> {
  const calls = createThinCalls({ address, namespace, deadlineMs: CALL_DEADLINE_MS });
  try {
    await ask(calls.call);
  } finally {
    calls.close();
  }
}

/** Also used for a server started separately. */
export function serverArguments(options: Omit<TemporalServerOptions, "logFile" | "retentionH">) {
  return [
    "server",
    "start-dev",
    `--ip=${LOOPBACK}`,
    `--port=${options.port}`,
    `--ui-port=${options.uiPort}`,
    `--db-filename=${options.dbFile}`,
    `--namespace=${options.namespace}`,
    ...SEARCH_ATTRIBUTES.map((name) => `--search-attribute=${name}=Keyword`),
    WRITE_AHEAD,
    "--log-level=warn",
    "--log-format=json",
    ...(existsSync(options.dbFile) ? [WRITE_ONE] : [WRITE_ONE, READ_ONE]),
  ];
}
