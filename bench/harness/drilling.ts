/** Drills that a bench runs in its own process: faults that the command line does not have, of any duration. */
import { freezeStrike, type Strike } from "../../src/adapters/faults/strikes.ts";
import type { FaultSpec } from "../../src/domain/drills/drill-faults.ts";
import { createDrillAlerts } from "../../src/operations/drills/drill-alerts.ts";
import { type DrillWatch, openDrillWatch } from "../../src/operations/drills/drill-watch.ts";
import { struckOf } from "../../src/operations/drills/plan-strike.ts";
import { type DrillResult, runDrill } from "../../src/operations/drills/run-drill.ts";
import type { DrillStack } from "../../test/helpers/drill-stack.ts";

export type Pids = Readonly<Record<string, number>>;
export type Drilling = {
  run(fault: FaultSpec, plan: (pids: Pids) => Strike): Promise<DrillResult>;
  observe: DrillWatch["observe"];
  close(): Promise<void>;
};

export async function openDrilling(stack: DrillStack): Promise<Drilling> {
  const { config, temporalAddress } = stack.context();
  const watch = await openDrillWatch(config, temporalAddress);
  const stop = new AbortController();
  return {
    run: (fault, plan) =>
      runDrill(fault, {
        watch,
        dataDir: config.data_dir,
        plan,
        stop: stop.signal,
        onPoint: () => undefined,
        alerts: createDrillAlerts(config.data_dir),
      }),
    observe: () => watch.observe(),
    close: () => watch.close(),
  };
}

/** One process that stands still for so long. */
export function standsStill(stack: DrillStack, fault: FaultSpec): (pids: Pids) => Strike {
  return (pids) => {
    const these = fault.targets.flatMap((name) => struckOf(name, pids[name]));
    const about = { name: fault.name, standsSMax: fault.lastsS + 60 };
    return freezeStrike(stack.dataDir, about, these);
  };
}

/** `recovered` of a result, and what else a table shows. */
export function rowOf({ outcome, timeline, restarted_beyond, how }: DrillResult) {
  const point = (name: string) => timeline.find((one) => one.name === name);
  const text = (name: string) => {
    const { tookS, budgetS, atS, isMet } = point(name) ?? {};
    if (atS === undefined || atS === null) return "-";
    return `${tookS ?? atS} s${budgetS == null ? "" : ` of ${budgetS}${isMet === true ? "" : " (!)"}`}`;
  };
  return {
    outcome,
    detected: text("detected"),
    recovered: text("recovered"),
    beyond: restarted_beyond.join(" "),
    ...(outcome === "cannot" ? { why: how.slice(0, 80) } : {}),
  };
}
