/**
 * The cost of the units of `dolphin install systemd`, and whether they run within their limits: a real systemd in
 * namespaces of its own, beside a simulator of 50 assets at two scans a second. Then a worker is killed, and the target
 * stopped: all is healthy again, and nothing is left.
 *   npm run bench:units -- [--seconds N] [--user] [--json]
 * With --user the units are those of a user's manager, which the real systemd starts as that user. What each takes is
 * only known with control groups of version 2: version 1 delegates none to a user.
 * Needs root, systemd 252 or newer, and control groups of version 1 or 2; uses the default ports.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadWorkflowBundle } from "../src/workers/workflow-bundle.ts";
import { sendSignal, until } from "../test/helpers/processes.ts";
import { execFileSync, spawnSync } from "../test/helpers/run-program.ts";
import { DOLPHIN } from "../test/helpers/up.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine, note } from "./harness/options.ts";
import { rounded } from "./harness/statistics.ts";

endWithBench();

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    user: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const MACHINE = fileURLToPath(
  new URL("../test/helpers/deployment/systemd-machine.sh", import.meta.url),
);
const DATA = "/var/lib/dolphin";
const SCANS = "/srv/dolphin-scans";
const GROUP = `dolphin-units-${process.pid}`;
const TICKS_PER_S = 100;
const POLL_MS = 5_000;
const MIB = 1_048_576;
const VICTIM = "dolphin-worker@trader.service";

/** What our units stand on, in a systemd that knows no other units. */
const BASE = ["sysinit", "basic", "shutdown", "umount", "final", "local-fs", "network-online"];

/** The user of systemd-machine.sh. */
const USER_ID = "64999";
const USER_RUNS_IN = `/run/user/${USER_ID}`;
const USER_UNITS = "user-units";
const MANAGER_UNIT = "user-manager.service";
/** Of a unit of the manager in use. */
const SLICE = values.user ? `system.slice/${MANAGER_UNIT}/app.slice` : "system.slice";
const WORKERS_SLICE = values.user
  ? "app-dolphin\\x2dworker.slice"
  : "system-dolphin\\x2dworker.slice";

function installInto(folder: string): void {
  const own = values.user ? ["--user"] : [];
  execFileSync(DOLPHIN, ["--data-dir", DATA, "install", "systemd", "--out", folder, ...own], {
    env: { ...process.env, DOLPHIN_ARCHIVE: SCANS },
  });
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".service"))) {
    mkdirSync(join(folder, `${name}.d`), { recursive: true });
    const log = `append:/run/out/${name}`;
    const lines = ["[Service]", `StandardOutput=${log}`, `StandardError=${log}`];
    writeFileSync(join(folder, `${name}.d`, "99-log.conf"), `${lines.join("\n")}\n`);
  }
}

/**
 * What the service manager of a user's login is, without the login. It cannot make the folder of its sandboxes' roots: the
 * system's manager does, for its own first sandbox.
 */
const USER_ROOTS = "/run/systemd/unit-root";
const USER_MANAGER = [
  "[Service]",
  "Type=notify",
  "User=dolphin",
  "Delegate=yes",
  `Environment=HOME=${DATA} XDG_RUNTIME_DIR=${USER_RUNS_IN} SYSTEMD_UNIT_PATH=/run/units/${USER_UNITS}`,
  `ExecStartPre=+/bin/sh -c 'mkdir -p ${USER_RUNS_IN} ${USER_ROOTS} && chown dolphin: ${USER_RUNS_IN} && chmod -R a+rX /run/units'`,
  "ExecStart=/lib/systemd/systemd --user --unit=dolphin.target --log-target=console",
  "StandardError=append:/run/out/manager",
];

function writeUnits(folder: string): void {
  installInto(values.user ? join(folder, USER_UNITS) : folder);
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  const alone = ["[Unit]", "DefaultDependencies=no"];
  for (const name of BASE) write(`${name}.target`, alone);
  if (values.user) {
    write(MANAGER_UNIT, USER_MANAGER);
    const inManager = BASE.map((name) => join(USER_UNITS, `${name}.target`));
    for (const file of inManager) write(file, alone);
  }
  const made = `mkdir -p /run/out ${DATA}/temporal && chmod 777 /run/out && chown dolphin: ${DATA}/temporal`;
  write("folders.service", [
    ...alone,
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    `ExecStart=/bin/sh -c '${made}'`,
  ]);
  write("simulator.service", [
    "[Service]",
    "User=dolphin",
    `ExecStart=${DOLPHIN} simulate --out ${SCANS} --assets 50 --rate 2 --seed 1`,
  ]);
  write("bench.target", [
    ...alone,
    "Requires=folders.service",
    "After=folders.service",
    `Wants=${values.user ? MANAGER_UNIT : "dolphin.target"} simulator.service`,
  ]);
}

type Taken = { memory_mb: number; own_mb: number; tasks: number; cpu_s: number };

/** What stands in the first of these files that is there: each version of control groups has its own. */
function firstOf(files: readonly string[]): string {
  for (const file of files) {
    try {
      return readFileSync(join("/sys/fs/cgroup", file), "utf8");
    } catch {
      // Of the other version.
    }
  }
  return "0";
}

/** User's and system's, of a process that may have ended. */
function cpuSecondsOf(pid: string): number {
  if (!/^[1-9]\d*$/.test(pid)) return 0;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  } catch {
    return 0;
  }
}

/** By unit, from its control group of either version. */
function takenBy(unit: string): Taken {
  const slice = unit.includes("@") ? `${SLICE}/${WORKERS_SLICE}` : SLICE;
  const path = `${GROUP}/${slice}/${unit}`;
  const memory = firstOf([`memory/${path}/memory.max_usage_in_bytes`, `${path}/memory.peak`]);
  // Without cached files, which the kernel drops where others need the room.
  const stat = firstOf([`memory/${path}/memory.stat`, `${path}/memory.stat`]);
  const own = /^(?:total_rss|anon) (\d+)$/m.exec(stat)?.[1] ?? "0";
  const tasks = firstOf([`pids/${path}/pids.current`, `${path}/pids.current`]);
  const pids = firstOf([`memory/${path}/cgroup.procs`, `${path}/cgroup.procs`]);
  return {
    memory_mb: rounded(Number(memory) / MIB, 0),
    own_mb: rounded(Number(own) / MIB, 0),
    tasks: Number(tasks),
    cpu_s: pids.split("\n").reduce((sum, pid) => sum + cpuSecondsOf(pid), 0),
  };
}

// A unit's worker compiles them where the checkout has none, and the figures would be the compiler's.
await loadWorkflowBundle(note);
const parent = mkdtempSync(join(tmpdir(), "dolphin-units-"));
const folder = join(parent, "units");
writeUnits(folder);
const child = spawn(MACHINE, [folder, "bench.target", GROUP, DATA, SCANS, "/var/cache/dolphin"], {
  stdio: ["ignore", "inherit", "inherit"],
});
try {
  const inside = () =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0] ??
    "";
  const run = (...command: readonly string[]) =>
    spawnSync("nsenter", ["-t", inside(), "-m", "-p", "-u", "-i", ...command], {
      encoding: "utf8",
    });
  const become = ["setpriv", `--reuid=${USER_ID}`, `--regid=${USER_ID}`, "--clear-groups", "env"];
  const asUser = (...words: readonly string[]) =>
    run(...become, `HOME=${DATA}`, `XDG_RUNTIME_DIR=${USER_RUNS_IN}`, ...words);
  const systemctl = (...words: readonly string[]) =>
    values.user ? asUser("systemctl", "--user", ...words) : run("systemctl", ...words);
  const status = () => asUser(`DOLPHIN_DATA_DIR=${DATA}`, DOLPHIN, "status");
  let statusText = "";
  const untilHealthy = (isToo = () => true) =>
    until(
      async () => {
        // A question is a process of its own, which must not be what keeps them.
        await delay(POLL_MS);
        const { status: code, stdout } = status();
        statusText = stdout;
        return code === 0 && isToo();
      },
      { ms: 600_000, tell: () => `${statusText}${run("sh", "-c", "tail -n 5 /run/out/*").stdout}` },
    );
  await untilHealthy();
  note(`healthy as units; ${values.seconds} seconds of samples`);
  const units = systemctl("list-units", "--no-legend", "--plain", "dolphin-*.service")
    .stdout.split("\n")
    .flatMap((line) => /^(\S+\.service)/.exec(line)?.[1] ?? []);
  const before = new Map(units.map((unit) => [unit, takenBy(unit)]));
  await delay(Number(values.seconds) * 1_000);
  const rows = units.map((unit) => {
    const taken = takenBy(unit);
    const cpuS = taken.cpu_s - (before.get(unit)?.cpu_s ?? 0);
    const cpu_percent = rounded((100 * cpuS) / Number(values.seconds), 1);
    const { memory_mb, own_mb, tasks } = taken;
    return { unit, memory_mb, own_mb, tasks, cpu_percent };
  });
  const total = rows.reduce((sum, { memory_mb }) => sum + memory_mb, 0);
  const own = rows.reduce((sum, { own_mb }) => sum + own_mb, 0);
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ machine: machine(), rows, total, own })}\n`);
  } else if (total === 0) {
    note("what each unit takes is not known: a user's manager has no control groups of version 1");
  } else {
    for (const { unit, memory_mb, own_mb, tasks, cpu_percent } of rows) {
      note(
        `${unit.padEnd(34)} peak ${memory_mb} MB, now ${own_mb} without cached files, ${tasks} tasks, ${cpu_percent} % of a core`,
      );
    }
    note(`together ${total} MB at their peaks, ${own} MB now without cached files`);
  }
  const pidOf = () => systemctl("show", "--property=MainPID", "--value", VICTIM).stdout.trim();
  const killed = pidOf();
  const killedAtMs = performance.now();
  run("kill", "-9", killed);
  await untilHealthy(() => pidOf() !== killed);
  note(`${VICTIM} killed: healthy again after ${rounded(performance.now() - killedAtMs, 0)} ms`);
  const stopped = systemctl("stop", "dolphin.target", "dolphin-*");
  const failed = systemctl("list-units", "--failed", "--no-legend", "--plain", "dolphin*").stdout;
  const left = run("pgrep", "--uid", USER_ID, "--list-full").stdout.split("\n");
  const ours = left.filter((line) => line !== "" && !/ simulate | --user | \(sd-pam\)/.test(line));
  note(
    `stopped with status ${stopped.status}; failed units: ${failed.trim() || "none"}; processes left: ${ours.join("; ") || "none"}`,
  );
  if (stopped.status !== 0 || failed !== "" || 0 < ours.length) process.exitCode = 1;
} finally {
  sendSignal(child.pid, "SIGKILL");
  // An empty group can be removed, deepest first; all of it ends with the process that was its first.
  const groups = ["/sys/fs/cgroup", "-depth", "-type", "d", "-path", `*/${GROUP}*`];
  const removed = () => spawnSync("find", [...groups, "-exec", "rmdir", "{}", "+"]).status === 0;
  await until(removed, { ms: 30_000, tell: () => `control groups ${GROUP} are left` });
  rmSync(parent, { recursive: true, force: true });
}
