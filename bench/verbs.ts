/**
 * How long a user waits for a verb, from the start of its process to its end, and its CPU time (which a busy machine
 * affects less), beside a running demo:
 * `npm run bench:verbs -- [--rounds N] [--json]`.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { temporalConfigFile } from "../src/embedded/state/up-state.ts";
import { until, sendSignal } from "../test/helpers/processes.ts";
import { DOLPHIN, startUp } from "../test/helpers/up.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

type Run = { readonly ms: number; readonly cpuMs: number; readonly exit: number | null };

const options = benchOptions({ rounds: 15 });
const parent = mkdtempSync(join(tmpdir(), "dolphin-verbs-"));
const dir = join(parent, "data");

/** Runs a program without output and prints its CPU time, as a shell reports it. */
const TIMED = '"$@" >/dev/null 2>&1; code=$?; times; exit $code';

function time(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const startedMs = performance.now();
  const child = spawn("sh", ["-c", TIMED, "sh", DOLPHIN, "--data-dir", dir, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  return new Promise((settle) => {
    child.once("close", (exit) => {
      settle({ ms: performance.now() - startedMs, cpuMs: childrenCpuMs(text), exit });
    });
  });
}

/** The second line is the children's: `0m0.120s 0m0.030s`. */
function childrenCpuMs(text: string): number {
  const times = [...(text.split("\n")[1] ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  return times.reduce(
    (sum, [, minutes, s]) => sum + Number(minutes) * 60_000 + Number(s) * 1_000,
    0,
  );
}

/** One after the other; a first run, which fills the compile cache, is left out. */
async function series(args: readonly string[], env?: NodeJS.ProcessEnv) {
  const runs: Run[] = [];
  for (let round = 0; round <= options.rounds; round += 1) runs.push(await time(args, env));
  const counted = runs.slice(1);
  const exits = [...new Set(counted.map(({ exit }) => exit))].join(", ");
  const ms = counted.map((run) => run.ms);
  return {
    p50_ms: rounded(median(ms), 0),
    max_ms: rounded(Math.max(...ms), 0),
    cpu_p50_ms: rounded(median(counted.map((run) => run.cpuMs)), 0),
    exit: exits,
  };
}

const rows: Record<string, Awaited<ReturnType<typeof series>>> = {};
async function measure(name: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  note(name);
  rows[name] = await series(args, env);
}

await measure("--help", ["--help"]);
await measure("status, nothing runs", ["status"]);
const up = startUp(dir, ["--demo", "--ports", "auto"]);
try {
  await up.untilUp();
  await until(async () => (await time(["status"])).exit === 0, { ms: 120_000, tell: up.output });
  await measure("status", ["status"]);
  await measure("status --json", ["status", "--json"]);
  // With a profile file of its own, a verb does not ask the running process, but the servers themselves.
  const direct = { TEMPORAL_CONFIG_FILE: temporalConfigFile(dir) };
  await measure("status, asked directly", ["status"], direct);
  await measure("logs", ["logs"]);
  await measure("start (runs)", ["start", "scan-bridge"]);
  await measure("start (runs), asked directly", ["start", "scan-bridge"], direct);
  await measure("stop (stopped)", ["stop", "trader-green"]);
  await measure("restart", ["restart", "scan-bridge"]);
  report(options, { title: "Verbs, from the start of the process to its end", ...rows }, rows);
} finally {
  sendSignal(up.pid, "SIGTERM");
  await up.ended;
  rmSync(parent, { recursive: true, force: true });
}
