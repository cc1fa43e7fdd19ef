/**
 * The dashboard in a real Chromium beside a real bridge: the time until the page is loaded, the time from the push of a
 * scan to the frame that shows it, the share of a core that the dashboard's process takes with the page open, and
 * whether the page's memory grows.
 *     node bench/dashboard.ts [--json] [--minutes 3] [--rate 2] [--assets 50] [--loads 10]
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { endWithBench } from "./harness/end-with-bench.ts";
import { renameIntoPlace } from "./harness/live-run.ts";
import { machine, note } from "./harness/options.ts";
import {
  cpuSeconds,
  heapMb,
  openWatchedTab,
  ourBrowser,
  rssMb,
  startDashboard,
} from "./harness/page-stage.ts";
import { startOurs } from "./harness/processes.ts";
import { scanCorpus } from "./harness/scan-corpus.ts";
import { withStack } from "./harness/stack.ts";
import { percentile, rounded } from "./harness/statistics.ts";

endWithBench();

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    minutes: { type: "string", default: "3" },
    rate: { type: "string", default: "2" },
    assets: { type: "string", default: "50" },
    loads: { type: "string", default: "10" },
  },
});
const [rate, assets] = [Number(values.rate), Number(values.assets)];
const scans = Math.round(Number(values.minutes) * 60 * rate);
/** The first ones bring processes up to speed. */
const WARM_SCANS = 20;
const SETTLE_MS = 2_000;

await withStack(async (stack) => {
  const browser = await ourBrowser();
  const archive = join(stack.dir, "archive");
  mkdirSync(archive, { recursive: true });
  const bridge = await startOurs({ ...stack, archive });
  const dashboard = await startDashboard(stack);
  try {
    const result = await measure(browser, { archive, ...dashboard });
    const figures = { rate, assets, scans, ...result };
    if (values.json)
      process.stdout.write(`${JSON.stringify({ ...figures, machine: machine() })}\n`);
    else console.table(Object.entries(figures));
  } finally {
    await browser.close();
    await dashboard.stop();
    await bridge.stop();
  }
});

type Place = { readonly archive: string; readonly url: string; readonly pid: number };

async function measure(browser: Browser, { archive, url, pid }: Place) {
  const files = [...scanCorpus(assets, scans + WARM_SCANS)];
  await renameIntoPlace({ archive, files: files.slice(0, WARM_SCANS), rate: 20 });
  const loads: number[] = [];
  for (let round = 0; round < Number(values.loads); round += 1) {
    const page = await openPage(browser, url);
    loads.push(await page.evaluate<number>("window.drawnMs"));
    await page.context().close();
  }
  note(`loaded ${loads.length} times`);
  const page = await openPage(browser, url);
  const session = await page.context().newCDPSession(page);
  // A new listener is sent the last scan, which is an old one.
  await page.waitForTimeout(SETTLE_MS);
  await page.evaluate("window.scanAgesMs = []");
  const before = { cpuS: cpuSeconds(pid), heap: await heapMb(session), atMs: performance.now() };
  const half = Math.floor(scans / 2);
  const rest = files.slice(WARM_SCANS);
  await renameIntoPlace({ archive, files: rest.slice(0, half), rate });
  const heapHalfway = await heapMb(session);
  await renameIntoPlace({ archive, files: rest.slice(half), rate });
  const seconds = (performance.now() - before.atMs) / 1_000;
  const cpuS = cpuSeconds(pid) - before.cpuS;
  const ages = await page.evaluate<number[]>("window.scanAgesMs");
  return {
    load_ms_p50: rounded(percentile(loads, 50), 0),
    load_ms_max: rounded(Math.max(...loads), 0),
    push_to_page_ms_p50: rounded(percentile(ages, 50), 0),
    push_to_page_ms_p95: rounded(percentile(ages, 95), 0),
    push_to_page_ms_max: rounded(Math.max(...ages), 0),
    scans_seen: ages.length,
    dashboard_cpu_percent: rounded((cpuS / seconds) * 100),
    dashboard_rss_mb: rounded(rssMb(pid), 1),
    page_heap_mb: { start: before.heap, halfway: heapHalfway, end: await heapMb(session) },
  };
}

async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await openWatchedTab(browser, url);
  await page.locator(".sentence", { hasText: /\w/ }).waitFor();
  while ((await page.evaluate("window.drawnMs")) === null) await page.waitForTimeout(20);
  return page;
}
