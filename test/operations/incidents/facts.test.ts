import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { startedTicks } from "../../../src/adapters/process/process-facts.ts";
import { removeRunFile, writeRunFile } from "../../../src/adapters/process/run-file.ts";
import { diagnose } from "../../../src/domain/health/diagnose.ts";
import { createFacts, temporalFactsFile } from "../../../src/operations/incidents/facts.ts";
import { agedHealth } from "../../../src/operations/incidents/health-facts.ts";
import { endedLine } from "../../../src/wire/facts/life-lines.ts";
import { healthReport } from "../../../src/wire/health/health-report.ts";
import { FAULTS, faultName, GRAPH, sampleWith } from "../../helpers/health/faulty-world.ts";

const dir = mkdtempSync(join(tmpdir(), "incident-facts-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function reportWith(faults: Parameters<typeof sampleWith>[0], ageMs = 1_000) {
  const sample = sampleWith(faults);
  const counters = {
    "scan-bridge": { asset_count: 50, pushed: 7, scans_per_min: 120, state: null },
  };
  return agedHealth(JSON.stringify(healthReport(sample, diagnose(sample, GRAPH), counters)), ageMs);
}

const UNWATCHED = { traders: {}, own: {} };

test("are what health tells, until it is silent", () => {
  const builder = createFacts(dir);
  const { values } = builder.facts({ ...UNWATCHED, health: reportWith([]) });
  expect(values).toMatchObject({
    "service.scan-bridge.assets": 50,
    "service.scan-bridge.pushed": 7,
    "feed.scan.files_1m": 120,
    "hazelcast.up": true,
    "temporal.up": true,
    "archive.state": "ok",
    "clock.off": false,
    "health.silent_s": 1,
    "worker.scan.up": true,
  });
  expect(Number(values["feed.scan.age_s"])).toBeGreaterThanOrEqual(1);
  const silent = builder.facts({ ...UNWATCHED, health: reportWith([], 21_000) });
  expect(silent.values).toMatchObject({
    "health.silent_s": 21,
    "hazelcast.up": { unknown: "health has said nothing for 21 s" },
    "service.scan-bridge.assets": { unknown: "health has said nothing for 21 s" },
  });
  const gone = builder.facts({ ...UNWATCHED, health: null });
  expect(gone.values["hazelcast.up"]).toEqual({ unknown: "there is no value of hazelcast.up now" });
  builder.close();
});

function lost(builder: ReturnType<typeof createFacts>) {
  const { values } = builder.facts({ ...UNWATCHED, health: null });
  return [
    values["worker_process.scan.lost"],
    values["worker_process.scan.keeps"],
    // One worker is one loss, whichever of its services another one has taken over already.
    values["worker_process.health.lost"],
  ];
}

test("know a worker that ended by itself, and not one that was told to, or was never seen", async () => {
  const folder = mkdtempSync(join(tmpdir(), "incident-facts-worker-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const worker = spawn(process.execPath, ["-e", "setInterval(() => {}, 1_000)"], {
    stdio: "ignore",
  });
  onTestFinished(() => void worker.kill("SIGKILL"));
  await once(worker, "spawn");
  const keeper = { pid: worker.pid!, started_ticks: startedTicks(worker.pid!) };
  const write = (service: string, by: typeof keeper) =>
    writeRunFile(join(folder, "run"), {
      service,
      pid: process.pid,
      started_ticks: null,
      life: 1,
      started_at: "2026-03-25T04:00:00.000000+00:00",
      keeper: by,
    });
  const [builder, later] = [createFacts(folder), createFacts(folder)];
  write("scan-bridge", keeper);
  write("health", keeper);
  expect(lost(builder)).toEqual([false, "scan-bridge, health", false]);
  const exited = once(worker, "exit");
  worker.kill("SIGKILL");
  await exited;
  expect(lost(builder)).toEqual([true, "scan-bridge, health", false]);
  expect(lost(builder)[0]).toBe(true);
  expect(lost(later)[0]).toBe(false);
  const next = { pid: process.pid, started_ticks: startedTicks(process.pid) };
  write("scan-bridge", next);
  expect(lost(builder)).toEqual([true, "scan-bridge, health", false]);
  write("health", next);
  expect(lost(builder)[0]).toBe(false);
  removeRunFile(join(folder, "run"), "scan-bridge", process.pid);
  removeRunFile(join(folder, "run"), "health", process.pid);
  // Else an incident of a loss would stay open where nothing names that worker any more.
  expect(lost(builder)[0]).toBe(false);
  builder.close();
  later.close();
});

test("know the scans' source to live by what others write, and by nothing of ours", () => {
  const builder = createFacts(dir);
  const alive = (name: string) => {
    const health = reportWith([]);
    if (health === null) throw new Error("it is no report");
    const feed = { score: 1, age_s: 1, budget_s: 30 };
    const subsystems = { ...health.report.subsystem_health, data_sources: { [name]: feed } };
    const report = { ...health.report, subsystem_health: subsystems };
    return builder.facts({ ...UNWATCHED, health: { ...health, report } }).values["upstream.alive"];
  };
  expect(alive("order book")).toBe(true);
  for (const ours of ["safety", "state BLUE", "scan", "exf_funding"]) {
    expect([ours, alive(ours)]).toMatchObject([ours, { unknown: expect.any(String) }]);
  }
  builder.close();
});

test("tell an operator's stop from a fault", () => {
  const builder = createFacts(dir);
  const stops = (kind: "stopped" | "dead" | "fatal") =>
    builder
      .facts({ ...UNWATCHED, health: reportWith([{ kind, service: "scan-bridge" }]) })
      .roots.map(({ id, isStop }) => [id, isStop]);
  expect(stops("stopped")).toEqual([["process:scan-bridge", true]]);
  expect(stops("dead").filter(([, isStop]) => isStop)).toEqual([]);
  expect(stops("fatal").filter(([, isStop]) => isStop)).toEqual([]);
  builder.close();
});

test("tell each fault that health knows by a fact or as a root", () => {
  const builder = createFacts(dir);
  const well = builder.facts({ ...UNWATCHED, health: reportWith([]) });
  const unseen = FAULTS.filter((fault) => {
    const seen = builder.facts({ ...UNWATCHED, health: reportWith([fault]) });
    return JSON.stringify(seen) === JSON.stringify(well);
  });
  expect(unseen.map(faultName)).toEqual([]);
  builder.close();
});

test("tell a crash from the worker's log, and no stop", () => {
  mkdirSync(join(dir, "logs"), { recursive: true });
  const log = join(dir, "logs", "worker.log");
  writeFileSync(log, "");
  const builder = createFacts(dir);
  const ended = (why: string) =>
    appendFileSync(log, `${JSON.stringify({ msg: endedLine("scan-bridge", 3, why) })}\nnonsense\n`);
  const crash = () => {
    const { values } = builder.facts({ ...UNWATCHED, health: null });
    return [values["service.scan-bridge.crashed"], values["service.scan-bridge.end"]];
  };
  expect(crash()).toEqual([false, "none"]);
  ended("an operator stopped it");
  ended("exit code 0 after 12.0 s");
  expect(crash()).toEqual([false, "none"]);
  ended("killed by SIGKILL after 12.0 s");
  expect(crash()).toEqual([true, "killed by SIGKILL after 12.0 s, 0 s ago"]);
  builder.close();
});

test("hold what the traders and Temporal tell", () => {
  mkdirSync(join(dir, "safety"), { recursive: true });
  writeFileSync(temporalFactsFile(dir), JSON.stringify({ "schedule.x.skipped": 2, bad: {} }));
  const builder = createFacts(dir);
  const book = { latched: ["drawdown"], halted: false, equity: 5, positions: 1, state: "latched" };
  const { values } = builder.facts({ health: null, traders: { A: book, B: null }, own: { x: 1 } });
  expect(values).toMatchObject({
    "schedule.x.skipped": 2,
    "trader.A.latched": 1,
    "trader.A.limits": "drawdown",
    "trader.B.answers": false,
    "trader.B.latched": { unknown: "the trader of B does not answer" },
    x: 1,
  });
  expect(values).not.toHaveProperty("bad");
  builder.close();
});
