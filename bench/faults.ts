/**
 * The matrix of faults on one running demo, and what must hold after each: every scan has one seq, the ringbuffer has
 * them all, nothing healthy was restarted, nothing is left behind, one alert was opened and resolved, the book replays
 * equal, and no secret appears in a log or a history. It injects every drill of the command line, frozen servers, and
 * an upstream that is silent for minutes. If this machine allows it, the data directory is a small disk, the archive a
 * share that can hang, and the processes have a clock that can be set. Exits with 1 if something did not hold; missed
 * budgets are only marked, because they are meant for a quiet machine.
 *     npm run faults [-- --silent-minutes 10] [--only NAME,...] [--json]
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wallMs } from "../src/adapters/clock.ts";
import { FAULT_NAMES, FAULTS, type FaultSpec } from "../src/domain/drills/drill-faults.ts";
import { planStrike } from "../src/operations/drills/plan-strike.ts";
import type { DrillResult } from "../src/operations/drills/run-drill.ts";
import { buildShiftedClock } from "../test/helpers/faults/shifted-clock.ts";
import { mountShare } from "../test/helpers/faults/remote-share.ts";
import { mountSmallDisk } from "../test/helpers/faults/small-disk.ts";
import { type DrillStack, openDrillStack } from "../test/helpers/drill-stack.ts";
import { until } from "../test/helpers/processes.ts";
import { DOLPHIN } from "../test/helpers/up.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { alertsOnce, plantSecret, replaysEqual } from "./harness/beyond-scans.ts";
import { type Drilling, openDrilling, rowOf, standsStill } from "./harness/drilling.ts";
import { machine, note } from "./harness/options.ts";

endWithBench();

const { values } = parseArgs({
  options: {
    "silent-minutes": { type: "string", default: "10" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const SILENT_S = 60 * Number(values["silent-minutes"]);
const WELL_WITHIN_MS = 180_000;
const isWanted = (name: string) =>
  values.only === undefined || values.only.split(",").includes(name);

/** `up` replaces a server that has been silent for 30 s: it may cost it, and nothing else. */
function frozenServer(server: "hazelcast" | "temporal", lastsS: number): FaultSpec {
  const isReplaced = 30 <= lastsS;
  return {
    name: `${server}-frozen-${lastsS}s`,
    summary: `${server} stands still for ${lastsS} s`,
    targets: [server],
    costs: isReplaced ? [server] : [],
    roots: [`${server}:`],
    // As reported by a sample of health every five seconds, with a call that may take two.
    detectWithinS: isReplaced ? 10 : null,
    alertRule: null,
    recover: isReplaced ? { withinS: 60, since: "injected" } : { withinS: 10, since: "undone" },
    lastsS,
    proofs: [...(isReplaced ? (["kept"] as const) : []), "temporal", "bridge", "trader"],
  };
}

const SILENT: FaultSpec = {
  ...FAULTS["upstream-silent"],
  name: "upstream-silent-long",
  lastsS: SILENT_S,
};
const OTHERS = [
  frozenServer("hazelcast", 8),
  frozenServer("temporal", 8),
  frozenServer("hazelcast", 90),
  frozenServer("temporal", 90),
  SILENT,
];

const results: DrillResult[] = [];
const broken: string[] = [];
const root = mkdtempSync(join(tmpdir(), "dolphin-faults-"));
mkdirSync(join(root, "data"));
const disk = mountSmallDisk(join(root, "data"), "1g");
try {
  await onDemo();
  if (isWanted("mount-hang")) await onShare();
} finally {
  disk?.unmount();
  rmSync(root, { recursive: true, force: true });
}
const failed = results.filter(({ outcome }) => outcome === "failed").map(({ fault }) => fault);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ machine: machine(), broken, results }, null, 2)}\n`);
} else {
  console.table(Object.fromEntries(results.map((one) => [one.fault, rowOf(one)])));
  process.stdout.write(`over a budget or restarted beyond: ${failed.join(", ") || "none"}\n`);
  process.stdout.write(`did not hold: ${broken.join("; ") || "nothing"}\n`);
}
if (0 < broken.length) process.exitCode = 1;

async function onDemo(): Promise<void> {
  const clock = buildShiftedClock(root);
  const secret = plantSecret();
  const env = { ...secret.env, ...clock?.env };
  const stack = await openDrillStack("faults", { root, settings: secret.settings, env });
  const drilling = await openDrilling(stack);
  try {
    const { config } = stack.context();
    const world = {
      dataDir: stack.dataDir,
      archive: config.archive,
      hazelcast: config.hazelcast.address,
    };
    for (const name of FAULT_NAMES.filter((one) => one !== "mount-hang" && isWanted(one))) {
      const fault = FAULTS[name];
      await once(stack, fault, () =>
        drilling.run(fault, (pids) => planStrike(fault, { ...world, pids })),
      );
    }
    for (const fault of OTHERS.filter(({ name }) => isWanted(name))) {
      const fromMs = wallMs();
      await once(stack, fault, () => drilling.run(fault, standsStill(stack, fault)));
      if (fault === SILENT) checkNoFlap(stack, fromMs);
    }
    const unequal = await replaysEqual(stack.dataDir, stack.env);
    if (unequal !== null) broken.push(`book BLUE: ${unequal}`);
    const leaks = secret.leaks(stack.dataDir);
    if (0 < leaks.length) broken.push(`a secret stands in ${leaks.join(", ")}`);
  } finally {
    await drilling.close();
    await stack.close();
  }
}

/** On an archive that is a mount in user space, whose server can be stopped. */
async function onShare(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "dolphin-faults-share-"));
  const [backing, archive] = [join(home, "backing"), join(home, "archive")];
  const share = await mountShare(backing, archive);
  if (share === null) return note("mount-hang: this machine lets nobody mount FUSE");
  const writer = spawn(DOLPHIN, ["simulate", "--out", backing, "--rate", "2"], { stdio: "ignore" });
  const settings = { archive, scan_bridge: { watch: "poll" } };
  const stack = await openDrillStack("share", { root: home, settings, args: [] });
  const drilling = await openDrilling(stack);
  try {
    const fault = FAULTS["mount-hang"];
    await once(stack, fault, () => drillShare(drilling, stack, archive));
  } finally {
    await drilling.close();
    await stack.close();
    writer.kill("SIGKILL");
    await share.unmount();
    rmSync(home, { recursive: true, force: true });
  }
}

function drillShare(drilling: Drilling, stack: DrillStack, archive: string): Promise<DrillResult> {
  const fault = FAULTS["mount-hang"];
  return drilling.run(fault, (pids) =>
    planStrike(fault, { dataDir: stack.dataDir, archive, hazelcast: "", pids }),
  );
}

async function once(
  stack: DrillStack,
  fault: FaultSpec,
  run: () => Promise<DrillResult>,
): Promise<void> {
  note(`${fault.name}: ${fault.summary}`);
  const fromMs = wallMs();
  const result = await run();
  results.push(result);
  note(`${fault.name}: ${JSON.stringify(rowOf(result))}`);
  const noteBroken = (what: string) => broken.push(`${fault.name}: ${what}`);
  if (result.outcome === "cannot") return;
  if (result.timeline.at(-1)?.atS === null) noteBroken("it did not recover");
  if (0 < result.restarted_beyond.length)
    noteBroken(`restarted ${result.restarted_beyond.join(", ")}`);
  try {
    await stack.untilAllHolds();
    const tell = () => stack.leftovers().join(", ");
    await until(() => stack.leftovers().length === 0, { ms: WELL_WITHIN_MS, tell });
  } catch (error) {
    noteBroken(String(error));
  }
  if (fault.alertRule === null) return;
  const unlike = await alertsOnce(stack.dataDir, fault.alertRule, fromMs);
  if (unlike !== null) noteBroken(unlike);
}

/** Health reports each silence once at its start and once at its end. */
function checkNoFlap({ dataDir }: DrillStack, fromMs: number): void {
  const changes = readFileSync(join(dataDir, "logs", "meta_health.log"), "utf8")
    .split("\n")
    .filter((line) => fromMs <= Date.parse(/"time":"([^"]+)"/.exec(line)?.[1] ?? ""))
    .flatMap((line) => {
      const [, before = "", after = ""] = /\[Health\] (.*) -> ([^;"]*)/.exec(line) ?? [];
      return after === "" ? [] : [[before, after] as const];
    });
  for (const [before, after] of changes) note(`health: ${before} -> ${after}`);
  const turns = changes.filter(([before, after]) => hasUpstream(before) !== hasUpstream(after));
  if (turns.length !== 2) broken.push(`${SILENT.name}: health turned ${turns.length} times`);
  const worst = changes.filter(([, after]) => !/^(GREEN|DEGRADED)/.test(after));
  if (0 < worst.length) broken.push(`${SILENT.name}: it read ${worst[0]?.[1] ?? ""}`);
}

function hasUpstream(text: string): boolean {
  return text.includes(" upstream:");
}
