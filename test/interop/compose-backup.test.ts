/**
 * The backup of the containers: the commands of docs/operate.md, with a `docker` that runs them as processes of this
 * machine, on a real Postgres. Skipped where there is none.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHECKOUT } from "../../src/embedded/toolchain.ts";
import { findPostgres, startPostgres, type TestPostgres } from "../helpers/postgres.ts";
import { spawnSync } from "../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

const bin = findPostgres();
const PAGE = readFileSync(join(CHECKOUT, "docs", "operate.md"), "utf8");
const COMMANDS = PAGE.split("\n").filter((line) =>
  /^(deploy\/docker|docker compose run|for db in .* docker )/.test(line),
);

/** What happens between the first copy and the dumps: a trade is booked, and told. */
const DOCKER = `#!/bin/sh
set -eu
shift
verb=$1
shift
if [ "$verb" = run ]; then
  while [ "$1" != --volume ]; do shift; done
  exec '${DOLPHIN}' restore "\${2%:/backup:ro}"
fi
service=$2
shift 2
if [ "$service" = postgres ]; then
  if [ "$1" = pg_dump ]; then
    printf 'event 1, event 2' > "$VOLUME/journal/trading/BLUE/2026-11-30.seg"
    printf 'told 2' > "$VOLUME/journal/trading/BLUE/told.json"
  fi
  program=$1
  shift
  exec "${bin}/$program" "$@"
fi
for arg; do
  set -- "$@" "$(printf %s "$arg" | sed "s#/var/lib/dolphin#$VOLUME#g")"
  shift
done
cd '${CHECKOUT}'
exec "$@"
`;

describe.skipIf(bin === null)("the backup of the containers", () => {
  const dir = makeTemporaryDirectory("compose-backup");
  const backups = join(dir, "backups");
  const [volume, empty] = [join(dir, "volume"), join(dir, "empty")];
  let postgres: TestPostgres | null = null;

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  const sql = async (database: string, text: string) => {
    const client = new Client({
      connectionString: postgres!.url.replace(/\/\w+$/, `/${database}`),
    });
    await client.connect();
    try {
      return (await client.query<{ id: number }>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const run = (command: string, data: string) => {
    const { hostname, port } = new URL(postgres!.url);
    const env = {
      ...process.env,
      PATH: `${join(dir, "bin")}:${process.env["PATH"]}`,
      VOLUME: data,
      DOLPHIN_DATA_DIR: data,
      PGHOST: hostname,
      PGPORT: port,
    };
    const script = join("deploy", "docker", "backup.sh");
    const here = command.replace(script, join(CHECKOUT, script));
    const { status, stderr } = spawnSync("/bin/sh", ["-ec", here], {
      encoding: "utf8",
      cwd: dir,
      env,
    });
    return { status, stderr };
  };

  beforeAll(async () => {
    postgres = await startPostgres(bin!, dir, ["fsync=off"]);
    await sql("postgres", "CREATE ROLE temporal SUPERUSER LOGIN");
    write("bin/docker", DOCKER);
    chmodSync(join(dir, "bin", "docker"), 0o755);
    mkdirSync(backups, { mode: 0o700 });
    mkdirSync(empty);
  });
  beforeEach(() => {
    write("volume/journal/trading/BLUE/told.json", "told 1");
    write("volume/journal/trading/BLUE/2026-11-30.seg", "event 1");
  });
  afterAll(async () => {
    await postgres?.stop();
    removeTemporaryDirectory(dir);
  });

  test("is none, and leaves nothing, where a database cannot be dumped", () => {
    const { status, stderr } = run(COMMANDS[0]!, volume);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('database "temporal" does not exist'),
    ]);
    expect(existsSync(join(backups, "2026-11-30"))).toBe(false);
    expect(existsSync(join(volume, "backups", "2026-11-30"))).toBe(false);
  });

  test("has the dumps at their moment, and comes back into empty volumes", async () => {
    for (const name of ["temporal", "temporal_visibility"]) {
      await sql("postgres", `CREATE DATABASE ${name}`);
      await sql(name, "CREATE TABLE namespaces AS SELECT 7 AS id");
    }
    const [back, databases, data] = COMMANDS;
    expect(COMMANDS).toHaveLength(3);
    expect(run(back!, volume)).toMatchObject({ status: 0 });
    expect(existsSync(join(volume, "backups", "2026-11-30"))).toBe(false);
    for (const name of ["temporal", "temporal_visibility"]) {
      await sql("postgres", `DROP DATABASE ${name}`);
    }
    expect(run(databases!, empty)).toMatchObject({ status: 0 });
    expect(run(data!, empty)).toMatchObject({ status: 0 });
    expect(await sql("temporal_visibility", "SELECT id FROM namespaces")).toEqual([{ id: 7 }]);
    const book = join(empty, "journal", "trading", "BLUE");
    const read = (name: string) => readFileSync(join(book, name), "utf8");
    // What was told was copied before the dumps, and the log after them.
    expect([read("told.json"), read("2026-11-30.seg")]).toEqual(["told 1", "event 1, event 2"]);
  });
});
