/**
 * Memory of our own processes in the demo, without the servers: `npm run bench:demo-memory -- [--minutes N] [--json]`.
 * RSS counts the pages of Node's own program again in each process; PSS divides them among all Node processes of the
 * machine. Independent of other processes are the anonymous pages, plus the program once.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { until, sendSignal } from "../test/helpers/processes.ts";
import { DOLPHIN, readUp, startUp } from "../test/helpers/up.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine, note } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, json: { type: "boolean", default: false } },
});
const minutes = Number(values.minutes);
const SERVERS = ["temporal", "hazelcast"];
const SAMPLE_MS = 2_000;
const MB_PER_KB = 1_024 / 1e6;

type Sample = {
  readonly rss: number;
  readonly pss: number;
  readonly anonymous: number;
  /** Of files: Node's program, libraries, Temporal's core. */
  readonly program: number;
};

function memoryOf(pid: number): Sample {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mb = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * MB_PER_KB;
  const [rss, anonymous] = [mb("Rss"), mb("Anonymous")];
  return { rss, pss: mb("Pss"), anonymous, program: rss - anonymous };
}

const parent = mkdtempSync(join(tmpdir(), "dolphin-memory-"));
const dir = join(parent, "data");
const up = startUp(dir, ["--demo", "--ports", "auto"], { DOLPHIN_SIMULATOR_VENUES: "true" });
const samples: Record<string, Sample[]> = {};
try {
  await up.untilUp();
  const isHealthy = () => spawnSync(DOLPHIN, ["--data-dir", dir, "status"]).status === 0;
  await until(isHealthy, { ms: 120_000, tell: up.output });
  note(`healthy; ${minutes} minutes of samples`);
  const endMs = performance.now() + minutes * 60_000;
  while (performance.now() < endMs) {
    await delay(SAMPLE_MS);
    const file = readUp(dir);
    const pids = Object.entries(file?.services ?? {}).map(
      ([name, { pid }]) => [name, pid] as const,
    );
    for (const [name, pid] of [["up", up.pid] as const, ...pids]) {
      if (!SERVERS.includes(name)) (samples[name] ??= []).push(memoryOf(pid));
    }
  }
} finally {
  sendSignal(up.pid, "SIGTERM");
  await up.ended;
  rmSync(parent, { recursive: true, force: true });
}

/** Mean over the last third; the slope of the anonymous pages from the second third to it, in MB an hour. */
function figuresOf(all: readonly Sample[]) {
  const third = Math.floor(all.length / 3);
  const [second, last] = [all.slice(third, 2 * third), all.slice(2 * third)];
  const middleOf = (some: readonly Sample[], key: keyof Sample) =>
    median(some.map((one) => one[key]));
  const hours = (third * SAMPLE_MS) / 3_600_000;
  const grown = middleOf(last, "anonymous") - middleOf(second, "anonymous");
  return {
    rss_mb: rounded(middleOf(last, "rss"), 1),
    rss_max_mb: rounded(Math.max(...all.map((one) => one.rss)), 1),
    pss_mb: rounded(middleOf(last, "pss"), 1),
    anonymous_mb: rounded(middleOf(last, "anonymous"), 1),
    program_mb: rounded(middleOf(last, "program"), 1),
    slope_mb_h: rounded(grown / hours, 1),
  };
}

const rows = Object.fromEntries(
  Object.entries(samples).map(([name, all]) => [name, figuresOf(all)] as const),
);
const sum = (key: "rss_mb" | "pss_mb" | "anonymous_mb") =>
  rounded(
    Object.values(rows).reduce((total, row) => total + row[key], 0),
    1,
  );
const together = {
  rss_mb: sum("rss_mb"),
  pss_mb: sum("pss_mb"),
  anonymous_mb: sum("anonymous_mb"),
  /** The greatest holds what the others share with it. */
  with_program_once_mb: rounded(
    sum("anonymous_mb") + Math.max(...Object.values(rows).map((row) => row.program_mb)),
    1,
  ),
};
if (values.json) {
  process.stdout.write(`${JSON.stringify({ minutes, machine: machine(), ...rows, together })}\n`);
} else {
  console.table({ ...rows, together });
}
