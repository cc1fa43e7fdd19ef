/**
 * The whole stack for hours, with a fault each minute: `up --demo` with everything on (both books, order books,
 * indicators, watchdog, dashboard), and each minute a fault drawn from the drills and from docs/faults-covered.md.
 * During each fault the book gets a command. After each, and at the end, the invariants I1 to I10 are checked: every
 * scan has one seq, the ringbuffer and the book have them all, each command counts once, nothing healthy was restarted,
 * nothing is left behind, no secret has leaked, each alert was notified and resolved; memory of every process, and logs
 * within their limit. Exits with 1 if something did not hold. With --calm no faults are injected: that measures a
 * steady load.
 *     npm run soak -- [--minutes 120] [--every-s 60] [--seed N] [--rate 2] [--assets 50] [--calm] [--only NAME,...] [--json]
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { TRADER } from "../src/domain/drills/drill-faults.ts";
import { seededRandom } from "../src/domain/simulator/random.ts";
import { SERVICES } from "../src/domain/supervision/services.ts";
import { COUNTED_BOOK } from "../src/domain/trading/books.ts";
import type { DrillResult } from "../src/operations/drills/run-drill.ts";
import { UpSummary } from "../src/wire/up-file.ts";
import { dolphin, statusOf } from "../test/chaos/harness/dolphin-json.ts";
import { startCollector } from "../test/chaos/harness/scan-collector.ts";
import { openDrillStack } from "../test/helpers/drill-stack.ts";
import { buildShiftedClock } from "../test/helpers/faults/shifted-clock.ts";
import { until } from "../test/helpers/processes.ts";
import { readUp } from "../test/helpers/up.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { plantSecret, replaysEqual } from "./harness/beyond-scans.ts";
import { openDrilling, rowOf } from "./harness/drilling.ts";
import { machine, note } from "./harness/options.ts";
import { sampleProcesses } from "./harness/process-samples.ts";
import {
  checkCollected,
  checkEventLog,
  checkIncidents,
  checkLogs,
  incidentsOf,
  listenForAlerts,
  zombiesOf,
} from "./harness/soak-checks.ts";
import { dealFaults, type SoakFault, soakFaults } from "./harness/soak-faults.ts";

endWithBench();

const SEED_MAX = 2 ** 31;
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "120" },
    "every-s": { type: "string", default: "60" },
    seed: { type: "string", default: String(Math.floor(Math.random() * SEED_MAX)) },
    rate: { type: "string", default: "2" },
    assets: { type: "string", default: "50" },
    calm: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
/** So small that hours turn them over many times. */
const LOGS = { fileMb: 1, files: 4 };
const Findings = z.object({
  findings: z.array(z.object({ check: z.string(), grade: z.string(), found: z.string() })),
});
const WELL_WITHIN_MS = 300_000;
/** A rule that flaps has to be quiet for 15 minutes before its incident ends. */
const ENDED_WITHIN_MS = 1_200_000;
const ALERT_WITHIN_MS = 60_000;
const COMMAND_TRIES_MAX = 60;
const COMMAND_PAUSE_MS = 1_000;

const started = performance.now();
const violations: string[] = [];
const broke = (what: string): void => {
  violations.push(what);
  note(`DID NOT HOLD: ${what}`);
};
/** Taken by the trader: it said so. */
const commands: string[] = [];
const results: DrillResult[] = [];
let incidents: Readonly<Record<string, number>> = {};
const root = mkdtempSync(join(tmpdir(), "dolphin-soak-"));
const summaryFile = join(root, "summary.json");
const hook = await listenForAlerts();
const secret = plantSecret(hook.port);
note(`seed ${values.seed}, in ${root}, which stays when something is wrong`);
const greens = Object.values(SERVICES).filter(({ role }) => role === "trader");
const stack = await openDrillStack("soak", {
  root,
  settings: {
    ...secret.settings,
    log: { rotate_mb: LOGS.fileMb, rotate_files: LOGS.files },
    services: Object.fromEntries(greens.map(({ name }) => [name, { autostart: true }])),
    simulator: { rate: Number(values.rate), assets: Number(values.assets) },
  },
  env: { ...secret.env, ...buildShiftedClock(root)?.env, DOLPHIN_SIMULATOR_VENUES: "true" },
  args: ["--demo", "--summary", summaryFile],
});
const drilling = await openDrilling(stack);
const collector = startCollector(() => {
  const up = readUp(stack.dataDir);
  return up === null ? null : { address: up.hazelcast, cluster: up.cluster };
});
const pids = () => {
  const up = readUp(stack.dataDir)?.pid;
  return { ...(up === undefined ? {} : { up }), ...drilling.observe().pids };
};
const samples = sampleProcesses(pids);
try {
  await allIsWell("the start", []);
  const names = Object.keys(pids());
  note(`all is well with ${names.join(", ")}`);
  if (values.calm) await delay(Number(values.minutes) * 60_000);
  else await soak(names);
  await conclude(names);
} catch (error) {
  broke(`the soak ended by itself: ${String(error)}\n${stack.output().slice(-2_000)}`);
} finally {
  await samples.stop();
  await collector.stop().catch((error: unknown) => broke(`collector: ${String(error)}`));
  await drilling.close();
  await stack.close().catch((error: unknown) => broke(`stop: ${String(error)}`));
  hook.close();
}
report();
if (violations.length === 0) rmSync(root, { recursive: true, force: true });

async function soak(names: readonly string[]): Promise<void> {
  const all = soakFaults(stack);
  const wanted = all.filter(
    ({ spec }) => values.only === undefined || values.only.split(",").includes(spec.name),
  );
  const next = dealFaults(wanted, seededRandom(Number(values.seed)));
  let before = drilling.observe().pids;
  for (let round = 1; performance.now() - started < Number(values.minutes) * 60_000; round += 1) {
    const roundMs = performance.now();
    const fault = next();
    const between = Object.entries(drilling.observe().pids).filter(
      ([name, pid]) => before[name] !== pid,
    );
    for (const [name] of between)
      broke(`before round ${round}: ${name} was started anew for nothing`);
    await strike(fault, round);
    await allIsWell(`round ${round}, ${fault.spec.name}`, names);
    before = drilling.observe().pids;
    await delay(Math.max(0, Number(values["every-s"]) * 1_000 - (performance.now() - roundMs)));
  }
}

async function strike({ spec, plan }: SoakFault, round: number): Promise<void> {
  const noteBroken = (what: string) => broke(`round ${round}, ${spec.name}: ${what}`);
  try {
    const [result] = await Promise.all([drilling.run(spec, plan), command(round, "halt")]);
    results.push(result);
    note(`round ${round}, ${spec.name}: ${JSON.stringify(rowOf(result))}`);
    await command(round, "resume");
    if (result.outcome === "cannot") return;
    if (result.timeline.at(-1)?.atS === null) noteBroken("it did not recover");
    if (0 < result.restarted_beyond.length)
      noteBroken(`restarted ${result.restarted_beyond.join(", ")}`);
    const dueMs = Date.parse(result.injected_at ?? "") + ALERT_WITHIN_MS;
    const isReported = incidentsOf(stack.dataDir).some(
      ({ rule, started_ms: fromMs, resolved_ms: toMs }) =>
        rule === spec.alertRule && fromMs <= dueMs && dueMs - ALERT_WITHIN_MS <= (toMs ?? Infinity),
    );
    if (spec.alertRule !== null && !isReported)
      noteBroken(`no incident of ${spec.alertRule} tells of it`);
  } catch (error) {
    noteBroken(String(error));
  }
}

/** With an id of its own, so that it may be said again until it is heard. */
async function command(round: number, verb: "halt" | "resume"): Promise<void> {
  const id = `soak-${round}-${verb}`;
  for (let tries = 0; tries < COMMAND_TRIES_MAX; tries += 1) {
    const args = ["--data-dir", stack.dataDir, verb, COUNTED_BOOK, "--id", id];
    if ((await dolphin(args, stack.env)).code === 0) return void commands.push(id);
    await delay(COMMAND_PAUSE_MS);
  }
  broke(`round ${round}: nobody took '${verb}'`);
}

async function allIsWell(when: string, names: readonly string[]): Promise<void> {
  const wrong = async (): Promise<readonly string[]> => {
    const observed = drilling.observe();
    const absent = names.filter((name) => name !== "up" && observed.pids[name] === undefined);
    const { exit, status } = await statusOf(stack.dataDir, stack.env);
    return [
      ...absent.map((name) => `${name} does not run`),
      ...(exit === 0 ? [] : [`the status is ${status}`]),
      ...stack.leftovers().map((left) => `${left} is left`),
      ...zombiesOf(root),
      ...(await undeclared()),
    ];
  };
  let left: readonly string[] = [];
  const isWell = async () => {
    left = await wrong().catch((error: unknown) => [String(error)]);
    return left.length === 0;
  };
  try {
    await until(isWell, { ms: WELL_WITHIN_MS, tell: () => left.join("; ") });
    await stack.untilAllHolds();
    const head = drilling.observe().values?.scan?.seq ?? 0;
    const seen = () => drilling.observe().values?.beats[TRADER]?.lastSeq ?? 0;
    await until(() => head <= seen(), {
      ms: WELL_WITHIN_MS,
      tell: () => `the trader has ${seen()} of ${head}`,
    });
  } catch (error) {
    broke(`${when}: ${String(error)}`);
  }
}

/** What is declared but missing, as `dolphin doctor` finds it. */
async function undeclared(): Promise<readonly string[]> {
  const args = ["--data-dir", stack.dataDir, "doctor", "--deployed", "--json"];
  const { findings } = Findings.parse(JSON.parse((await dolphin(args, stack.env)).stdout));
  return findings.flatMap(({ check, grade, found }) =>
    grade === "fail" && /^(schedules|queue )/.test(check) ? [`${check}: ${found}`] : [],
  );
}

async function conclude(names: readonly string[]): Promise<void> {
  await allIsWell("the end", names);
  const open = () => incidentsOf(stack.dataDir).filter(({ resolved_ms: ms }) => ms === null);
  const tell = () =>
    open()
      .map(({ rule, subject }) => `${rule} of ${subject}`)
      .join(", ");
  await until(() => open().length === 0, { ms: ENDED_WITHIN_MS, tell }).catch(() => undefined);
  // Delivery learns of an end after it was written.
  await delay(10 * COMMAND_PAUSE_MS);
  const lastSeq = drilling.observe().values?.scan?.seq ?? 0;
  await until(() => lastSeq <= collector.highest(), {
    ms: WELL_WITHIN_MS,
    tell: () => "collector",
  });
  const unequal = await replaysEqual(stack.dataDir, stack.env);
  if (unequal !== null) broke(`book ${COUNTED_BOOK}: ${unequal}`);
  const leaks = secret.leaks(stack.dataDir);
  if (0 < leaks.length) broke(`a secret stands in ${leaks.join(", ")}`);
  const wrong = [
    ...checkCollected(collector, collector.highest()),
    ...checkEventLog(stack.dataDir, commands),
    ...checkIncidents(incidentsOf(stack.dataDir), hook),
    ...checkLogs(stack.dataDir, LOGS),
  ];
  for (const one of wrong) broke(one);
  incidents = Object.fromEntries(
    [...Map.groupBy(incidentsOf(stack.dataDir), ({ rule }) => rule)].map(([rule, all]) => [
      rule,
      all.length,
    ]),
  );
}

function report(): void {
  const processes = samples.rows();
  const summary = UpSummary.parse(JSON.parse(readFileSync(summaryFile, "utf8")));
  const faults = Map.groupBy(results, ({ fault }) => fault);
  const figures = {
    seed: Number(values.seed),
    minutes: Math.round((performance.now() - started) / 60_000),
    rate: Number(values.rate),
    assets: Number(values.assets),
    faults: results.filter(({ outcome }) => outcome !== "cannot").length,
    over_budget: results.filter(({ outcome }) => outcome === "failed").length,
    cannot: [
      ...new Set(
        results.flatMap(({ outcome, fault, how }) =>
          outcome === "cannot" ? [`${fault}: ${how}`] : [],
        ),
      ),
    ],
    commands: commands.length,
    incidents,
    summary,
    violations,
  };
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ ...figures, processes, machine: machine() }, null, 2)}\n`,
    );
  } else {
    console.table(
      Object.fromEntries(
        [...faults].map(([name, all]) => [name, { times: all.length, ...rowOf(all.at(-1)!) }]),
      ),
    );
    console.table(processes);
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  }
  if (0 < violations.length) process.exitCode = 1;
}
