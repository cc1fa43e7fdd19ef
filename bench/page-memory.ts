/**
 * Whether open pages grow: tabs on the Overview, the Scans and the Trading page, and one that changes pages and
 * colours, beside a real bridge and a real trader at ten times the speed of the demo. Once a minute: the reachable heap
 * of each tab after a forced collection, by owner, its nodes and its listeners. A slope is a least-squares fit over all
 * minutes but the first quarter, in which series fill. A page is flat if what it owns is.
 *     node bench/page-memory.ts [--json] [--minutes 30] [--rate 20] [--assets 50]
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser, CDPSession, Page } from "playwright-core";
import { LIVELY } from "../test/helpers/lively.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { renameIntoPlace } from "./harness/live-run.ts";
import { machine, note } from "./harness/options.ts";
import { type HeapKinds, heapKinds } from "./harness/heap-kinds.ts";
import { openTab, ourBrowser, rssMb, startDashboard } from "./harness/page-stage.ts";
import { startOurs, startService } from "./harness/processes.ts";
import { scanCorpus } from "./harness/scan-corpus.ts";
import { withStack } from "./harness/stack.ts";
import { rounded } from "./harness/statistics.ts";

endWithBench();

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    minutes: { type: "string", default: "30" },
    rate: { type: "string", default: "20" },
    assets: { type: "string", default: "50" },
  },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const assets = Number(values.assets);
const PAGES = ["overview", "scans", "trading", "health", "inputs", "research", "system"];
const STAYING = ["overview", "scans", "trading"];
const PAGE_SHOWN_MS = 5_000;
const SAMPLE_EVERY_MS = 60_000;

type Tab = { readonly name: string; readonly page: Page; readonly session: CDPSession };
type Sample = HeapKinds & {
  readonly minute: number;
  readonly nodes: number;
  readonly listeners: number;
};

await withStack(async (stack) => {
  const archive = join(stack.dir, "archive");
  mkdirSync(archive, { recursive: true });
  const browser = await ourBrowser();
  const bridge = await startOurs({ ...stack, archive, trader: LIVELY });
  const config = join(stack.dir, "dolphin.yaml");
  const trader = await startService("trader-blue", { dir: stack.dir, config });
  const dashboard = await startDashboard(stack);
  try {
    const files = scanCorpus(assets, Math.round(minutes * 60 * rate));
    const written = renameIntoPlace({ archive, files, rate });
    const result = await watch(browser, dashboard, written);
    const figures = { minutes, rate, assets, trades: trader.beat()?.counters["trades"], ...result };
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ ...figures, machine: machine() })}\n`);
    } else {
      const { tabs, ...rest } = figures;
      console.table(tabs);
      console.table(Object.entries(rest));
    }
  } finally {
    await browser.close();
    await dashboard.stop();
    await trader.stop();
    await bridge.stop();
  }
});

async function watch(
  browser: Browser,
  { url, pid }: { readonly url: string; readonly pid: number },
  written: Promise<unknown>,
) {
  const over = new AbortController();
  const isWritten = written.finally(() => over.abort());
  const tabs: Tab[] = [];
  for (const name of [...STAYING, "all in turn"]) {
    const page = await openTab(browser, url, PAGES.includes(name) ? name : PAGES[0]);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    tabs.push({ name, page, session });
  }
  const walk = goRound(tabs.at(-1)!.page, over.signal);
  const samples = new Map<string, Sample[]>(tabs.map(({ name }) => [name, []]));
  const rss: number[] = [];
  const began = performance.now();
  for (let at = 1; !over.signal.aborted; at += 1) {
    const waitMs = began + at * SAMPLE_EVERY_MS - performance.now();
    await delay(waitMs, undefined, { signal: over.signal }).catch(() => undefined);
    rss.push(rounded(rssMb(pid), 1));
    for (const tab of tabs) samples.get(tab.name)!.push(await sampleOf(tab, at));
    note(
      `minute ${at}: ${tabs.map(({ name }) => samples.get(name)!.at(-1)?.own_mb).join(", ")} MB`,
    );
  }
  await Promise.all([walk, isWritten]);
  return {
    tabs: Object.fromEntries([...samples].map(([name, own]) => [name, summaryOf(own)])),
    dashboard_rss_mb: { first: rss[0], last: rss.at(-1), most: Math.max(...rss) },
    samples: Object.fromEntries(
      [...samples].map(([name, own]) => [name, own.map(({ own_mb: mb }) => mb).join(" ")]),
    ),
  };
}

async function goRound(page: Page, signal: AbortSignal): Promise<void> {
  for (let at = 0; !signal.aborted; at += 1) {
    const name = PAGES[at % PAGES.length];
    await page.evaluate(`location.hash = "#/${name}"`);
    if (name === "trading") await page.keyboard.press("t");
    await delay(PAGE_SHOWN_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function sampleOf({ session }: Tab, minute: number): Promise<Sample> {
  const kinds = await heapKinds(session);
  const { metrics } = await session.send("Performance.getMetrics");
  const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  return { minute, ...kinds, nodes: of("Nodes"), listeners: of("JSEventListeners") };
}

function summaryOf(samples: readonly Sample[]) {
  const settled = samples.slice(Math.floor(samples.length / 4));
  const [first, last] = [settled[0]!, settled.at(-1)!];
  return {
    own_mb_settled: first.own_mb,
    own_mb_end: last.own_mb,
    own_kb_a_minute: slopeKb(settled, "own_mb"),
    compiled_kb_a_minute: slopeKb(settled, "compiled_mb"),
    browser_kb_a_minute: slopeKb(settled, "browser_mb"),
    nodes_settled: first.nodes,
    nodes_end: last.nodes,
    listeners_settled: first.listeners,
    listeners_end: last.listeners,
  };
}

function slopeKb(samples: readonly Sample[], kind: keyof HeapKinds): number {
  return rounded(1_000 * slopeOf(samples.map((sample) => [sample.minute, sample[kind]])), 2);
}

function slopeOf(points: readonly (readonly [number, number])[]): number {
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const over = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  return over / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
}

function mean(of: readonly number[]): number {
  return of.reduce((sum, one) => sum + one, 0) / of.length;
}
