/** A real Postgres for one test: Debian's binaries, a cluster in a folder, a free port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, globSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { until } from "./processes.ts";
import { execFileSync } from "./run-program.ts";

export type TestPostgres = { readonly url: string; stop(): Promise<void> };

/** Null when no Postgres is installed: `apt-get install postgresql`. */
export function findPostgres(): string | null {
  const places = globSync("/usr/lib/postgresql/*/bin/postgres").toSorted().toReversed();
  const onPath = (process.env["PATH"] ?? "").split(":").map((dir) => join(dir, "postgres"));
  const found = [...places, ...onPath].find((path) => existsSync(path));
  return found === undefined ? null : dirname(found);
}

export async function startPostgres(
  bin: string,
  root: string,
  settings: readonly string[] = [],
): Promise<TestPostgres> {
  const dir = join(root, "postgres");
  mkdirSync(dir);
  const user = unprivileged();
  if (user !== null) {
    chownSync(root, user.uid, user.gid);
    chownSync(dir, user.uid, user.gid);
  }
  const options = { ...user, cwd: dir };
  const data = join(dir, "data");
  const initdb = ["-D", data, "-U", "dolphin", "-A", "trust", "-E", "UTF8", "--no-sync"];
  execFileSync(join(bin, "initdb"), initdb, { ...options, stdio: "pipe" });
  const port = await findFreePort();
  const server = spawn(
    join(bin, "postgres"),
    [
      "-D",
      data,
      "-p",
      String(port),
      "-h",
      "127.0.0.1",
      "-k",
      dir,
      ...settings.flatMap((one) => ["-c", one]),
    ],
    { ...options, stdio: "ignore" },
  );
  const url = `postgres://dolphin@127.0.0.1:${port}/postgres`;
  await until(() => answers(url), { ms: 60_000, tell: () => `no Postgres on port ${port}` });
  return { url, stop: () => stop(server) };
}

/** Postgres refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  return { uid: idOfNobody("-u"), gid: idOfNobody("-g") };
}

function idOfNobody(what: "-u" | "-g"): number {
  return Number(execFileSync("id", [what, "nobody"], { encoding: "utf8" }));
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, "exit");
  server.kill("SIGINT");
  await gone;
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.query("SELECT 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
