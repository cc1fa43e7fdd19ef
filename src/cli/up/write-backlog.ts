/** The demo's past: scans written before the bridge starts, so that a trader's windows are full at once. */
import type { Config } from "../../config.ts";
import { simulatedPrices, writeScans } from "../simulate/scan-simulation.ts";
import type { Baseline } from "./facts.ts";

/** Only for an archive without recent scans; returns how many. The simulator continues from there. */
export async function writeBacklog(
  { archive, simulator }: Config,
  baseline: Baseline,
): Promise<number> {
  const { assets, seed, rate, backlog } = simulator;
  if (0 < baseline.filesBefore || backlog === 0) return 0;
  const totals = await writeScans({
    archive,
    source: simulatedPrices(assets, seed),
    pace: { rate, outage: null },
    writing: { mode: "rename", pauseMs: 0 },
    count: backlog,
    backlog,
    skip: 0,
    firstNumber: 1,
    restartEvery: null,
    startMicros: null,
    stop: new AbortController().signal,
    report() {},
  });
  return totals.written;
}
