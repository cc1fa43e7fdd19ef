/**
 * Where the seconds go from `kill -9` of the worker under `dolphin up --demo` until all its services work again: the
 * drill `worker-kill`, and of each round the times of the logs and of Temporal. Every second round runs without the notes of
 * what the worker held, so that Temporal gives its attempts up only by their heartbeat timeout: both in one run, because
 * the machine may be busy.
 *     npm run bench:worker-recovery -- [--rounds 5] [--json]
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { connectTemporal, type TemporalClient } from "../src/adapters/temporal-client.ts";
import { readRunFile } from "../src/adapters/process/run-file.ts";
import { holdsFolder } from "../src/adapters/process/hold/hold-file.ts";
import { killStrike } from "../src/adapters/faults/strikes.ts";
import { FAULTS } from "../src/domain/drills/drill-faults.ts";
import { struckOf } from "../src/operations/drills/plan-strike.ts";
import { runIdOf } from "../src/workflows/names.ts";
import { until } from "../test/helpers/processes.ts";
import { type DrillStack, openDrillStack } from "../test/helpers/drill-stack.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { type Drilling, openDrilling } from "./harness/drilling.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

/** Seconds since the kill; of all services the last one counts. */
type Round = Readonly<Record<string, number>>;

const options = benchOptions({ rounds: 5 });
const FAULT = FAULTS["worker-kill"];
const WELL_WITHIN_MS = 180_000;
const CASES = ["released", "by the timeout"] as const;

const root = mkdtempSync(join(tmpdir(), "dolphin-worker-recovery-"));
try {
  await bench();
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function bench(): Promise<void> {
  const stack = await openDrillStack("worker-recovery", { root });
  const drilling = await openDrilling(stack);
  const temporal = connectTemporal(stack.context().temporalAddress);
  try {
    const rounds: Record<(typeof CASES)[number], Round[]> = { released: [], "by the timeout": [] };
    // The first recovery warms the server up and is left out.
    for (let round = 0; round <= options.rounds; round += 1) {
      for (const name of CASES) {
        const row = await roundOf({ stack, drilling, temporal }, name);
        note(`round ${round}, ${name}: ${JSON.stringify(row)}; load ${loadavg()[0]?.toFixed(0)}`);
        if (0 < round) rounds[name].push(row);
      }
    }
    const rows = Object.fromEntries(CASES.map((name) => [name, medians(rounds[name])]));
    const title = "seconds from kill -9 of the worker, medians";
    report(options, { title, rounds: options.rounds, load: loadavg(), ...rows }, rows);
  } finally {
    await drilling.close();
    await temporal.close();
    await stack.close();
  }
}

type World = {
  readonly stack: DrillStack;
  readonly drilling: Drilling;
  readonly temporal: TemporalClient;
};

async function roundOf(world: World, name: (typeof CASES)[number]): Promise<Round> {
  const { stack, drilling, temporal } = world;
  const { dataDir } = stack;
  const services = await workingServices(world);
  const runs = await runsOf(temporal, services);
  const result = await drilling.run(FAULT, (pids) => {
    const strike = killStrike(struckOf("worker", pids["worker"]));
    if (strike.kind === "cannot" || name === "released") return strike;
    const without = () => {
      const injected = strike.strike();
      rmSync(holdsFolder(join(dataDir, "run")), { recursive: true, force: true });
      return injected;
    };
    return { ...strike, strike: without };
  });
  const injectedMs = Date.parse(result.injected_at ?? "");
  if (Number.isNaN(injectedMs)) throw new Error(`not killed: ${result.how}`);
  const recovered = result.timeline.find((point) => point.name === "recovered");
  const at = (ms: number) => rounded((ms - injectedMs) / 1_000);
  const log = (file: string, text: string) =>
    at(timeOf(join(dataDir, "logs", file), { text, fromMs: injectedMs }));
  const ends = await Promise.all(
    services.map((service) => lossOf(temporal, service, runs[service] ?? "")),
  );
  const processes = services.map((service) => {
    const run = readRunFile(join(dataDir, "run"), service);
    return Date.parse(run?.started_at ?? "");
  });
  const row = {
    noticed: log("up.log", "worker ended"),
    "process runs": log("up.log", "worker started again"),
    "worker polls": log("worker.log", "layer scan"),
    "losses known": at(Math.max(...ends.map(({ lostMs }) => lostMs))),
    "runs closed": at(Math.max(...ends.map(({ closedMs }) => closedMs))),
    "next runs": at(Math.max(...ends.map(({ nextMs }) => nextMs))),
    "services start": at(Math.max(...processes)),
    "all work": recovered?.atS ?? NaN,
  };
  await stack.untilAllHolds();
  return row;
}

/** Those that run now. */
async function workingServices({ drilling, stack }: World): Promise<readonly string[]> {
  let services: readonly string[] = [];
  const isWell = () => {
    const { pids, values } = drilling.observe();
    const beats = values?.beats ?? {};
    services = FAULT.costs.filter((name) => beats[name] !== undefined);
    return 3 < services.length && services.every((name) => beats[name]?.pid === pids[name]);
  };
  await until(isWell, { ms: WELL_WITHIN_MS, tell: stack.output });
  return services;
}

async function runsOf({ client }: TemporalClient, services: readonly string[]) {
  const runs = services.map(async (service) => {
    const { runId } = await client.workflow.getHandle(runIdOf(service)).describe();
    return [service, runId] as const;
  });
  return Object.fromEntries(await Promise.all(runs));
}

/** When the run of the lost life knew the loss, when it was closed, and when the next run began. */
async function lossOf({ client }: TemporalClient, service: string, runId: string) {
  const lost = client.workflow.getHandle(runIdOf(service), runId);
  const [{ closeTime }, { startTime, runId: nextId }, history] = await Promise.all([
    lost.describe(),
    client.workflow.getHandle(runIdOf(service)).describe(),
    lost.fetchHistory(),
  ]);
  const ended = history.events?.find((event) => event.activityTaskCompletedEventAttributes != null);
  const { seconds, nanos } = ended?.eventTime ?? {};
  return {
    lostMs: Number(seconds ?? NaN) * 1_000 + (nanos ?? 0) / 1e6,
    closedMs: closeTime?.getTime() ?? NaN,
    nextMs: nextId === runId ? NaN : startTime.getTime(),
  };
}

/** Of the first such line since then. */
function timeOf(
  file: string,
  { text, fromMs }: { readonly text: string; readonly fromMs: number },
) {
  const times = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.includes(text))
    .map((line) => Date.parse(/"time":"([^"]+)"/.exec(line)?.[1] ?? ""))
    .filter((ms) => fromMs <= ms);
  return Math.min(...times);
}

function medians(rounds: readonly Round[]): Round {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(rounds.map((row) => row[name] ?? NaN))]),
  );
}
