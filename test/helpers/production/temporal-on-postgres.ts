/**
 * The production Temporal server on a Postgres, in place of the embedded one: started by the scripts of
 * deploy/temporal, each on its own copy of a database that those scripts have set up.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { startGuarded, withoutOverrides } from "../../../src/embedded/guarded-process.ts";
import { findFreePort, LOOPBACK } from "../../../src/embedded/ports/ports.ts";
import { probeTemporal, type TemporalServer } from "../../../src/embedded/temporal-server.ts";
import { findToolchain } from "../../../src/embedded/toolchain.ts";
import { untilReady } from "../../../src/embedded/until-ready.ts";
import { execFileSync } from "../run-program.ts";

export type Production = {
  /** Where `temporal-server` and `temporal-sql-tool` are. */
  readonly bin: string;
  /** Of a user that may create databases; without a password. */
  readonly postgres: string;
};
export type ProductionServer = {
  readonly port: number;
  /** The visibility's is the same with `_visibility`. */
  readonly database: string;
  readonly logFile: string;
};

/** Holds a `Production` as JSON; `npm run test:production` sets it. */
export const PRODUCTION_VARIABLE = "TEST_TEMPORAL_ON_POSTGRES";
/** The databases that are copied for each server. */
export const TEMPLATE = "temporal";

const DEPLOY = fileURLToPath(new URL("../../../deploy/temporal", import.meta.url));
const READY_WITHIN_MS = 120_000;
/** Draining takes a server of many clients a quarter of a minute; a test has none left. */
const GRACE_SECONDS = 3;

/** Null: tests run on the embedded server. */
export function productionOf(env: NodeJS.ProcessEnv): Production | null {
  const text = env[PRODUCTION_VARIABLE];
  if (text === undefined) return null;
  const { bin, postgres }: Production = JSON.parse(text);
  return { bin, postgres };
}

/** `folder` remembers which database is its own; without it there is a new one. */
export async function databaseOf(production: Production, folder: string): Promise<string> {
  const file = join(folder, "database");
  if (existsSync(file)) return readFileSync(file, "utf8");
  const database = `temporal_${randomUUID().replaceAll("-", "")}`;
  await withPostgres(production.postgres, async (client) => {
    for (const end of ["", "_visibility"]) {
      await client.query(`CREATE DATABASE ${database}${end} TEMPLATE ${TEMPLATE}${end}`);
    }
  });
  await ownDatabase(production, database);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, database);
  return database;
}

/** Makes a copy of another server's databases this server's own: its name, and no members that no longer exist. */
export async function ownDatabase(production: Production, database: string): Promise<void> {
  for (const name of [database, `${database}_visibility`]) {
    await withPostgres(urlOf(production, name), (client) =>
      client.query("UPDATE schema_version SET db_name = current_database()"),
    );
  }
  await withPostgres(urlOf(production, database), (client) =>
    client.query("DELETE FROM cluster_membership"),
  );
}

export function urlOf({ postgres }: Production, database: string): string {
  const url = new URL(postgres);
  url.pathname = `/${database}`;
  return url.href;
}

export function setUpSchema(production: Production, database = TEMPLATE): void {
  const { hostname, port, username } = new URL(production.postgres);
  const names = { TEMPORAL_DB: database, TEMPORAL_VISIBILITY_DB: `${database}_visibility` };
  const server = { SQL_HOST: hostname, SQL_PORT: port, SQL_USER: username };
  runScript(production, "setup-schema.sh", { ...names, ...server });
}

export function setUpNamespace(production: Production, address: string, retention = "24h"): void {
  runScript(production, "setup-namespace.sh", {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_RETENTION: retention,
  });
}

/** Ready when it answers; its namespace may still have to be made. */
export async function startTemporalOnPostgres(
  production: Production,
  { port, database, logFile }: ProductionServer,
  isReady: (address: string) => Promise<unknown>,
): Promise<TemporalServer> {
  const address = `${LOOPBACK}:${port}`;
  mkdirSync(dirname(logFile), { recursive: true });
  const server = await startGuarded({
    command: join(DEPLOY, "start-server.sh"),
    args: [],
    cwd: dirname(logFile),
    env: { ...environmentOf(production), ...(await serverEnvironment(production, port, database)) },
    logFile,
    graceSeconds: GRACE_SECONDS,
  });
  const probe = async () => {
    await isReady(address);
  };
  await untilReady({
    name: "Temporal",
    process: server,
    logFile,
    withinMs: READY_WITHIN_MS,
    probe,
  });
  return { ...server, address };
}

export const namespaceAnswers = (address: string): Promise<void> =>
  probeTemporal(address, "default");

/** By database: a server that comes back under other ports waits for the members that it was before. */
const PORTS_OF = new Map<string, Readonly<Record<string, string>>>();

async function choosePorts(): Promise<Readonly<Record<string, string>>> {
  const ports: Record<string, string> = { FRONTEND_HTTP_PORT: String(await findFreePort()) };
  for (const name of ["FRONTEND", "MATCHING", "HISTORY", "WORKER"]) {
    ports[`${name}_GRPC_PORT`] = String(await findFreePort());
    ports[`${name}_MEMBERSHIP_PORT`] = String(await findFreePort());
  }
  return ports;
}

async function serverEnvironment(
  { postgres }: Production,
  port: number,
  database: string,
): Promise<Record<string, string>> {
  const { hostname, port: sqlPort, username } = new URL(postgres);
  const ports = PORTS_OF.get(database) ?? (await choosePorts());
  PORTS_OF.set(database, ports);
  return {
    ...ports,
    FRONTEND_GRPC_PORT: String(port),
    BIND_ON_IP: LOOPBACK,
    DB: "postgres12",
    POSTGRES_SEEDS: hostname,
    DB_PORT: sqlPort,
    POSTGRES_USER: username,
    DBNAME: database,
    VISIBILITY_DBNAME: `${database}_visibility`,
    NUM_HISTORY_SHARDS: "4",
    // Many servers share one Postgres.
    SQL_MAX_CONNS: "8",
    SQL_VIS_MAX_CONNS: "4",
    LOG_LEVEL: "warn",
    DYNAMIC_CONFIG_FILE_PATH: join(DEPLOY, "dynamic-config.yaml"),
  };
}

function runScript(
  production: Production,
  script: string,
  own: Readonly<Record<string, string>>,
): void {
  const env = { ...environmentOf(production), ...own };
  execFileSync(join(DEPLOY, script), [], { env, stdio: ["ignore", "ignore", "inherit"] });
}

/** The scripts find the programs as in the images: by their names. */
function environmentOf({ bin }: Production): NodeJS.ProcessEnv {
  const path = [bin, dirname(findToolchain().temporal), process.env["PATH"]].join(delimiter);
  return { ...withoutOverrides(process.env), PATH: path };
}

export async function withPostgres<T>(
  url: string,
  ask: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.end();
  }
}
