/**
 * Whether an open page slows the pipeline: 50 scans/s of 400 assets through a real bridge to a real trader, alternating
 * rounds with the Overview and the Trading page open and rounds without. For each scan the time from its file's last
 * change to its push, by the bridge's journal; for each round the trader's report on its last thousand scans, from the
 * arrival of a scan to its commands, each process' share of a core, and the machine's load. A ratio is the median over
 * the pairs of rounds, because the two rounds of a pair had the same machine.
 *     node bench/page-beside.ts [--json] [--pairs 8] [--rate 50] [--assets 400] [--scans 1200]
 */
import { mkdirSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { openScanWays } from "../src/adapters/scan-journal/way/scan-ways.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { renameIntoPlace } from "./harness/live-run.ts";
import { machine, note } from "./harness/options.ts";
import {
  browserCpuSeconds,
  cpuSeconds,
  openTab,
  ourBrowser,
  startDashboard,
} from "./harness/page-stage.ts";
import { type BridgeProcess, startOurs, startService } from "./harness/processes.ts";
import { scanCorpus, type ScanFile } from "./harness/scan-corpus.ts";
import { withStack } from "./harness/stack.ts";
import { median, percentile, rounded } from "./harness/statistics.ts";

endWithBench();

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    pairs: { type: "string", default: "8" },
    rate: { type: "string", default: "50" },
    assets: { type: "string", default: "400" },
    scans: { type: "string", default: "1200" },
  },
});
const [rate, assets, scans, pairs] = [
  Number(values.rate),
  Number(values.assets),
  Number(values.scans),
  Number(values.pairs),
];
/** The trader reports percentiles over this many scans: so they are the round's own. */
const COUNTED = 1_000;
const PAGES = ["overview", "trading"];
const TRADER = { age_budgets_s: { scan: 3_600, posture: 3_600 } };
/** Until pages are drawn, or their connections are gone. */
const SETTLE_MS = 3_000;
/** Bounds a failure only. */
const CAUGHT_UP_MS_MAX = 300_000;

type Round = {
  readonly lagsMs: readonly number[];
  readonly traderP50Ms: number;
  readonly traderP99Ms: number;
  /** Percent of a core. */
  readonly cpu: Readonly<Record<Process, number>>;
  /** Of the last minute. */
  readonly load: number;
};
type Process = "bridge" | "trader" | "dashboard" | "browser";

/** Of a round. */
const FIGURES: Readonly<Record<string, (round: Round) => number>> = {
  file_to_push_ms_p50: ({ lagsMs }) => percentile(lagsMs, 50),
  file_to_push_ms_p99: p99Of,
  heard_to_commands_ms_p50: ({ traderP50Ms }) => traderP50Ms,
  heard_to_commands_ms_p99: ({ traderP99Ms }) => traderP99Ms,
  bridge_cpu_percent: ({ cpu }) => cpu.bridge,
  trader_cpu_percent: ({ cpu }) => cpu.trader,
  dashboard_cpu_percent: ({ cpu }) => cpu.dashboard,
  browser_cpu_percent: ({ cpu }) => cpu.browser,
  load: ({ load }) => load,
};

await withStack(async (stack) => {
  const archive = join(stack.dir, "archive");
  mkdirSync(archive, { recursive: true });
  const browser = await ourBrowser();
  const bridge = await startOurs({ ...stack, archive, trader: TRADER });
  const config = join(stack.dir, "dolphin.yaml");
  const trader = await startService("trader-blue", { dir: stack.dir, config });
  const dashboard = await startDashboard(stack);
  const corpus = scanCorpus(assets, (2 * pairs + 1) * scans);
  const journal = join(stack.dir, "data/journal/scan-bridge.db");
  const round = roundsOf({ browser, bridge, trader, dashboard, archive, journal, corpus });
  try {
    await round(true);
    const rounds: Record<"with" | "without", Round[]> = { with: [], without: [] };
    for (let pair = 0; pair < pairs; pair += 1) {
      // Neither is always the first: what grows meanwhile falls on both.
      const order =
        pair % 2 === 0 ? (["with", "without"] as const) : (["without", "with"] as const);
      for (const kind of order) rounds[kind].push(await round(kind === "with"));
      const p99 = order.map((kind) => `${kind} ${rounded(p99Of(rounds[kind].at(-1)!))} ms`);
      note(`pair ${pair + 1} of ${pairs}: file to push p99 ${p99.join(", ")}`);
    }
    const rows = {
      with: figuresOf(rounds.with),
      without: figuresOf(rounds.without),
      "with over without": ratiosOf(rounds.with, rounds.without),
    };
    const title = { rate, assets, scans_a_round: COUNTED, pairs };
    if (values.json)
      process.stdout.write(`${JSON.stringify({ ...title, rows, machine: machine() })}\n`);
    else console.table(rows);
  } finally {
    await browser.close();
    await dashboard.stop();
    await trader.stop();
    await bridge.stop();
  }
});

type Stage = {
  readonly browser: Browser;
  readonly bridge: BridgeProcess;
  readonly trader: BridgeProcess;
  readonly dashboard: { readonly url: string; readonly pid: number };
  readonly archive: string;
  readonly journal: string;
  readonly corpus: Iterator<ScanFile>;
};

function roundsOf(stage: Stage) {
  const { browser, trader, dashboard, archive, journal, corpus } = stage;
  let pushed = 0;
  return async (isOpen: boolean): Promise<Round> => {
    // Encoded before: writing them costs the machine little.
    const files = Array.from({ length: scans }, () => nextOf(corpus));
    const tabs: Page[] = [];
    if (isOpen) for (const name of PAGES) tabs.push(await openTab(browser, dashboard.url, name));
    await delay(SETTLE_MS);
    const before = await cpuOf(stage);
    const beganMs = performance.now();
    await renameIntoPlace({ archive, files, rate });
    const tookS = (performance.now() - beganMs) / 1_000;
    const after = await cpuOf(stage);
    pushed += scans;
    const counters = await caughtUp(trader, pushed);
    for (const tab of tabs) await tab.context().close();
    return {
      lagsMs: lagsIn(journal, pushed - COUNTED + 1),
      traderP50Ms: Number(counters["scan_to_commands_ms_p50"]),
      traderP99Ms: Number(counters["scan_to_commands_ms_p99"]),
      cpu: {
        bridge: (100 * (after.bridge - before.bridge)) / tookS,
        trader: (100 * (after.trader - before.trader)) / tookS,
        dashboard: (100 * (after.dashboard - before.dashboard)) / tookS,
        browser: (100 * (after.browser - before.browser)) / tookS,
      },
      load: loadavg()[0]!,
    };
  };
}

/** Seconds of a processor so far. */
async function cpuOf(stage: Stage): Promise<Readonly<Record<Process, number>>> {
  const { bridge, trader, dashboard, browser } = stage;
  return {
    bridge: cpuSeconds(bridge.pid),
    trader: cpuSeconds(trader.pid),
    dashboard: cpuSeconds(dashboard.pid),
    browser: await browserCpuSeconds(browser),
  };
}

/** Its report once it has decided everything: on a busy machine it may be behind. */
async function caughtUp(trader: BridgeProcess, seq: number) {
  const untilMs = performance.now() + CAUGHT_UP_MS_MAX;
  while (trader.beat()?.counters["last_seq"] !== seq) {
    if (untilMs < performance.now()) throw new Error(`the trader did not come to seq ${seq}`);
    await delay(100);
  }
  return trader.beat()!.counters;
}

function nextOf(corpus: Iterator<ScanFile>): ScanFile {
  const { value, done } = corpus.next();
  if (done === true) throw new Error("the corpus holds a scan for each round");
  return value;
}

function lagsIn(journal: string, fromSeq: number): readonly number[] {
  const ways = openScanWays(journal);
  if (ways === null) throw new Error(`no bridge has written ${journal}`);
  try {
    return [...ways.from(fromSeq)].map(({ pushedUs, mtimeUs }) => (pushedUs - mtimeUs) / 1_000);
  } finally {
    ways.close();
  }
}

function p99Of({ lagsMs }: Round): number {
  return percentile(lagsMs, 99);
}

/** A round that the machine disturbed is one of many in a median. */
function figuresOf(rounds: readonly Round[]) {
  return Object.fromEntries(
    Object.entries(FIGURES).map(([name, of]) => [name, rounded(median(rounds.map(of)), 3)]),
  );
}

function ratiosOf(ones: readonly Round[], others: readonly Round[]) {
  return Object.fromEntries(
    Object.entries(FIGURES).map(([name, of]) => [
      name,
      rounded(median(ones.map((one, pair) => of(one) / of(others[pair]!))), 3),
    ]),
  );
}
