/**
 * `npm run test:production [FILTER...]`: the integration tests that need Temporal, on the production server with a real
 * Postgres instead of the embedded one, and the tests that only production has: backup and restore, upgrade of a
 * worker.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { startPostgres } from "../helpers/postgres.ts";
import {
  type Production,
  PRODUCTION_VARIABLE,
  setUpNamespace,
  setUpSchema,
  startTemporalOnPostgres,
  TEMPLATE,
} from "../helpers/production/temporal-on-postgres.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { prepare } from "./prepare.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VITEST = join(ROOT, "node_modules", "vitest", "vitest.mjs");
const EXIT_LACKING = 69;
const EXIT_FAILED = 1;
/** Part of a path each; those of `up` and of the embedded server's own options are not among them. */
const NEED_TEMPORAL = [
  "integration/alert-workflow",
  "integration/compact-archive",
  "integration/create",
  "integration/hold-service",
  "integration/indicators",
  "integration/ingest-scans",
  "integration/supervision-",
  "integration/trade-session",
  "test/production/",
];

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const found = prepare(say);
  if ("lacks" in found) {
    for (const one of found.lacks) say(`lacking: ${one}`);
    return EXIT_LACKING;
  }
  const dir = makeTemporaryDirectory("production");
  // Nothing here outlives the machine: what a write waits for the disk is not what is tested.
  const settings = ["max_connections=500", "fsync=off", "full_page_writes=off"];
  const postgres = await startPostgres(found.postgresBin, dir, settings);
  try {
    const production = { bin: found.bin, postgres: postgres.url };
    await setUp(production, dir);
    return await runTests(production);
  } finally {
    await postgres.stop();
    removeTemporaryDirectory(dir);
  }
}

/** The database that each server gets a copy of. Each step is done twice, as each start of the stack does it. */
async function setUp(production: Production, dir: string): Promise<void> {
  for (const _ of [1, 2]) setUpSchema(production);
  say("the schema stands, and its set-up done again changes nothing");
  const place = { port: await findFreePort(), database: TEMPLATE, logFile: join(dir, "setup.log") };
  const server = await startTemporalOnPostgres(production, place, async () => {});
  try {
    for (const _ of [1, 2]) setUpNamespace(production, server.address);
    say("the namespace and the search attributes stand, too");
  } finally {
    await server.stop();
  }
}

async function runTests(production: Production): Promise<number> {
  const filters = process.argv.slice(2);
  const projects = ["--project", "integration", "--project", "production"];
  const what = 0 < filters.length ? filters : NEED_TEMPORAL;
  const child = spawn(process.execPath, [VITEST, "run", ...projects, ...what], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, [PRODUCTION_VARIABLE]: JSON.stringify(production) },
  });
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : EXIT_FAILED;
}

process.exitCode = await main();
