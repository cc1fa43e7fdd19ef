/** The programs of a production Temporal: found, or built once from the server's Go module. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnSync } from "../helpers/run-program.ts";
import { findPostgres } from "../helpers/postgres.ts";

/** The server that the Temporal CLI of `npm run setup` embeds, so that both are one version. */
export const SERVER_VERSION = "1.32.0";

export type Prepared = { readonly bin: string; readonly postgresBin: string };
export type Lacking = { readonly lacks: readonly string[] };

const TOOLS = fileURLToPath(new URL("../../.tools/production", import.meta.url));
const MODULE = "go.temporal.io/server";
const PROGRAMS = {
  server: { name: "temporal-server", path: `${MODULE}/cmd/server` },
  sql: { name: "temporal-sql-tool", path: `${MODULE}/cmd/tools/sql` },
} as const;
/** A machine under load took 25 minutes. */
const BUILD_MS_MAX = 7_200_000;

/** What lacks is said with how it is got; nothing but Go's own cache is changed outside of the checkout. */
export function prepare(say: (line: string) => void): Prepared | Lacking {
  const postgresBin = findPostgres();
  const named = process.env["TEMPORAL_SERVER_BIN"];
  const bin = named ?? join(TOOLS, SERVER_VERSION);
  const names = Object.values(PROGRAMS).map(({ name }) => name);
  const hasServer = () => names.every((name) => existsSync(join(bin, name)));
  const lacks: string[] = [];
  if (postgresBin === null) {
    lacks.push("Postgres 12 or later with its server programs: 'apt-get install postgresql'");
  }
  if (!hasServer()) {
    const problem = whyNotBuilt(named, () => build(bin, say));
    if (problem !== null) {
      lacks.push(
        `${names.join(" and ")} ${SERVER_VERSION} (${problem}): install Go to have them built from ` +
          `${MODULE}, or name a folder that has them in TEMPORAL_SERVER_BIN; the images ` +
          "temporalio/server and temporalio/admin-tools of that version have both",
      );
    }
  }
  return postgresBin === null || 0 < lacks.length ? { lacks } : { bin, postgresBin };
}

/** Null when it was built. */
function whyNotBuilt(named: string | undefined, make: () => string | null): string | null {
  if (named !== undefined) return `they are not in ${named}`;
  return spawnSync("go", ["version"]).status === 0 ? make() : "there is no Go";
}

/** Null when it was built, else why not. */
function build(bin: string, say: (line: string) => void): string | null {
  const place = `${bin}.new`;
  mkdirSync(place, { recursive: true });
  say(`building ${MODULE} ${SERVER_VERSION} with Go: about 10 minutes of two cores, once`);
  const paths = Object.values(PROGRAMS).map(({ path }) => `${path}@v${SERVER_VERSION}`);
  const { status, stderr } = spawnSync("go", ["install", "-trimpath", "-ldflags=-s -w", ...paths], {
    encoding: "utf8",
    env: { ...process.env, GOBIN: place, CGO_ENABLED: "0" },
    timeout: BUILD_MS_MAX,
  });
  if (status !== 0) return `go install: ${stderr.trim().split("\n").at(-1) ?? "no word"}`;
  for (const [file, { name }] of Object.entries(PROGRAMS)) {
    renameSync(join(place, file), join(place, name));
  }
  rmSync(bin, { recursive: true, force: true });
  renameSync(place, bin);
  return null;
}
