/** The configuration of `dolphin install supervisord` under the real supervisord, which `npm test` installs. */
import { appendFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { killProcessesOn, processesOn, sendSignal, until } from "../helpers/processes.ts";
import { execFileSync, spawnSync } from "../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

const folder = [
  dirname(findToolchain().python ?? ""),
  ...(process.env["PATH"] ?? "").split(delimiter),
].find((each) => existsSync(join(each, "supervisord")));
if (folder === undefined) {
  process.stdout.write("skipped: supervisord is missing; 'npm test' installs it from PyPI\n");
}

/** Nothing listens there: what a worker does is wait, and it is the same process to supervisord. */
const NOWHERE = "127.0.0.1:9";
const ROTATED_BYTES = 50 * 1_048_576;

describe.skipIf(folder === undefined)("supervisord", () => {
  let root = "";
  let dir = "";
  let conf = "";
  let own = "";
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: NOWHERE,
    DOLPHIN_HAZELCAST_ADDRESS: NOWHERE,
    DOLPHIN_PORTS_METRICS: "0",
    DOLPHIN_PORTS_DASHBOARD: "0",
  };
  const daemon = () =>
    spawnSync(join(folder!, "supervisord"), ["-c", conf], { encoding: "utf8", env, cwd: dir });
  const ask = (...words: readonly string[]) =>
    spawnSync(join(folder!, "supervisorctl"), ["-c", conf, ...words], { encoding: "utf8", env });
  const chatterHasEnded = () => /^chatter +EXITED/m.test(ask("status").stdout);
  /** By program, of what stays; what is not running has none. */
  const pids = () =>
    new Map(
      [...ask("status").stdout.matchAll(/^dolphin:(\S+) +(\w+) +(?:pid (\d+))?/gm)]
        .filter(([, name]) => name !== "create" && name !== "chatter")
        .map(([, name, state, pid]) => [name, state === "RUNNING" ? Number(pid) : null]),
    );
  const allRun = () => 0 < pids().size && [...pids().values()].every((pid) => pid !== null);
  const untilAllRun = () => until(allRun, { ms: 60_000, tell: () => ask("status").stdout });

  beforeAll(async () => {
    root = makeTemporaryDirectory("supervisord");
    // Words that shells, supervisord or its expansions read in a way of their own.
    dir = join(root, "all of $x é");
    mkdirSync(dir);
    conf = join(dir, "out", "dolphin-supervisord.conf");
    own = join(dir, "data", "supervisord");
    execFileSync(
      DOLPHIN,
      ["--data-dir", join(dir, "data"), "install", "supervisord", "--out", join(dir, "out")].concat(
        "--no-servers",
      ),
      { env: { ...env, DOLPHIN_ARCHIVE: join(dir, "50% of it's") } },
    );
    // With the limits of every other program's log.
    const chatter = [
      "[program:chatter]",
      "command=/bin/sh -c 'yes | head -c 110000000'",
      "autorestart=false",
      "startsecs=0",
      `stdout_logfile=${own}/chatter.out`,
      "stdout_logfile_maxbytes=50MB",
      "stdout_logfile_backups=10",
    ];
    appendFileSync(conf, `\n${chatter.join("\n")}\n`);
    daemon();
    await untilAllRun();
  });
  afterAll(() => {
    if (root === "") return;
    ask("shutdown");
    killProcessesOn(root);
    removeTemporaryDirectory(root);
  });

  test("lets nobody but its owner near its socket, and refuses a second instance", () => {
    expect(statSync(own).mode & 0o777).toBe(0o700);
    expect(statSync(join(own, "supervisor.sock")).mode & 0o777).toBe(0o700);
    const second = daemon();
    expect(second.status).not.toBe(0);
    expect(`${second.stdout}${second.stderr}`).toContain("already listening");
  });

  test("starts again what was killed, each by itself", async () => {
    const before = pids();
    for (const pid of before.values()) sendSignal(pid, "SIGKILL");
    const areNew = () => allRun() && [...pids()].every(([name, pid]) => pid !== before.get(name));
    await until(areNew, { ms: 60_000, tell: () => ask("status").stdout });
    expect([...pids().keys()]).toEqual([...before.keys()]);
  });

  test("rolls a log at 50 MB", async () => {
    const rolled = join(own, "chatter.out.2");
    await until(() => existsSync(rolled) && chatterHasEnded(), {
      ms: 60_000,
      tell: () => ask("status").stdout,
    });
    expect(statSync(rolled).size).toBeGreaterThanOrEqual(ROTATED_BYTES);
  });

  test("stops the group, of which no process is left, and starts it again", async () => {
    ask("stop", "dolphin:*");
    const pid = Number(ask("pid").stdout);
    const left = processesOn(dir).filter((one) => one.pid !== pid);
    expect(left).toEqual([]);
    ask("start", "dolphin:watchdog");
    expect(pids().get("watchdog")).toBeTypeOf("number");
  });
});
