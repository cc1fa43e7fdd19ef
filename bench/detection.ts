/**
 * Time until the first detection of a fault on a running demo: a dead process, a frozen one, a listener whose
 * connection is cut, Hazelcast and Temporal away (frozen, so that no connection breaks, and detected by health), and a
 * file that is not pushed because the bridge's pump hangs while its main thread sends heartbeats.
 *     npm run bench:detection [-- --rounds 5] [--json]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { killStrike, type Strike } from "../src/adapters/faults/strikes.ts";
import { BRIDGE, FAULTS, type FaultSpec } from "../src/domain/drills/drill-faults.ts";
import { planStrike, struckOf } from "../src/operations/drills/plan-strike.ts";
import { type DrillStack, openDrillStack } from "../test/helpers/drill-stack.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { type Drilling, openDrilling, type Pids, standsStill } from "./harness/drilling.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

const STOP_THREAD = resolve(import.meta.dirname, "harness/stop-thread.py");
const UNPUSHED_S = 90;
const options = benchOptions({ rounds: 5 });
const stack = await openDrillStack("detection");
const drilling = await openDrilling(stack);
const stopped: ChildProcess[] = [];

/** `targets` are the subjects of log lines, `roots` the root causes of health. */
function away(server: "hazelcast" | "temporal"): FaultSpec {
  return {
    ...FAULTS["temporal-kill"],
    name: `${server} away`,
    targets: [server],
    costs: [],
    roots: [`${server}:`],
    detectWithinS: 6,
    alertRule: null,
    recover: { withinS: 10, since: "undone" },
    lastsS: 20,
    proofs: ["temporal", "bridge", "trader"],
  };
}

const UNPUSHED: FaultSpec = {
  ...FAULTS["bridge-freeze"],
  name: "unpushed file",
  detectWithinS: 65,
  lastsS: UNPUSHED_S,
};

type Case = {
  readonly fault: FaultSpec;
  readonly rounds: number;
  readonly targetS: number;
  readonly plan: (pids: Pids) => Strike;
};
const still = (fault: FaultSpec) => standsStill(stack, fault);
const world = {
  dataDir: stack.dataDir,
  archive: "/",
  hazelcast: stack.context().config.hazelcast.address,
};
const planned = (fault: (typeof FAULTS)[keyof typeof FAULTS]) => (pids: Pids) =>
  planStrike(fault, { ...world, pids });
const few = Math.min(3, options.rounds);
const CASES: readonly Case[] = [
  {
    fault: FAULTS["bridge-kill"],
    rounds: options.rounds,
    targetS: 1,
    plan: (pids) => killStrike(struckOf(BRIDGE, pids[BRIDGE])),
  },
  {
    fault: FAULTS["bridge-freeze"],
    rounds: few,
    targetS: 10,
    plan: still(FAULTS["bridge-freeze"]),
  },
  {
    fault: FAULTS["listener-drop"],
    rounds: options.rounds,
    targetS: 3,
    plan: planned(FAULTS["listener-drop"]),
  },
  { fault: away("hazelcast"), rounds: few, targetS: 6, plan: still(away("hazelcast")) },
  { fault: away("temporal"), rounds: few, targetS: 6, plan: still(away("temporal")) },
  { fault: UNPUSHED, rounds: 1, targetS: 65, plan: stopPump },
];

const rows: Record<string, Record<string, unknown>> = {};
try {
  for (const one of CASES) rows[one.fault.name] = await measure(drilling, stack, one);
} finally {
  for (const child of stopped) child.kill("SIGKILL");
  await drilling.close();
  await stack.close();
}
report(options, { title: "From a fault to the first who notices it", ...rows }, rows);

async function measure(
  drills: Drilling,
  { output }: DrillStack,
  { fault, rounds, targetS, plan }: Case,
): Promise<Record<string, unknown>> {
  const seconds: number[] = [];
  let by = "";
  for (let round = 1; round <= rounds; round += 1) {
    const result = await drills.run(fault, plan);
    const point = result.timeline.find(({ name }) => name === "detected");
    if (result.outcome === "cannot") return { rounds: 0, target_s: targetS, by: result.how };
    const atS = point?.atS ?? Number.POSITIVE_INFINITY;
    by = (point?.note ?? output().slice(-200)).slice(0, 60);
    note(`${fault.name} ${round}: ${atS} s, ${by}`);
    seconds.push(atS);
  }
  const max = Math.max(...seconds);
  const figures = { p50_s: rounded(median(seconds)), max_s: rounded(max) };
  return { rounds, ...figures, target_s: targetS, met: max <= targetS, by };
}

/** Undone by the end of the program that stops it. */
function stopPump(pids: Pids): Strike {
  return {
    kind: "can",
    how: "the bridge's pump stands still, its main thread does not",
    strike() {
      const args = [STOP_THREAD, String(pids[BRIDGE]), String(UNPUSHED_S + 60)];
      const child = spawn("python3", args, { stdio: ["ignore", "ignore", "inherit"] });
      stopped.push(child);
      const ended = once(child, "exit");
      return {
        undo() {
          child.kill("SIGKILL");
          void ended;
        },
      };
    },
  };
}
