/**
 * Screenshots of every page, light, dark and at phone width, into `.cache/screenshots`: with data, with Hazelcast down,
 * with Temporal down, and on an empty data directory: `npm run screenshots -- [--url http://127.0.0.1:8080]`. Without
 * an address it starts the demo with both books and uses that; with an address it stops nothing.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { startDashboard } from "../src/dashboard/server.ts";
import { openBrowser } from "../test/helpers/browser.ts";
import { surroundings } from "../test/helpers/dashboard.ts";
import { sendSignal } from "../test/helpers/processes.ts";
import { spawnSync } from "../test/helpers/run-program.ts";
import { DOLPHIN, startUp } from "../test/helpers/up.ts";

const { values } = parseArgs({
  options: { url: { type: "string" }, seconds: { type: "string", default: "60" } },
});
const OUT = resolve(import.meta.dirname, "../.cache/screenshots");
const PAGES = ["overview", "scans", "trading", "health", "inputs", "research", "system"];
const APPEARANCES = {
  light: { colorScheme: "light", viewport: { width: 1_280, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1_280, height: 900 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true },
} as const;
/** Until the processes that use a server have reported it away, and until they use it again. */
const NOTICED_MS = 30_000;
const BACK_MS = 30_000;
/** Until what a page asks for is drawn. */
const SETTLE_MS = 2_500;

const browser = await openBrowser();
if (typeof browser === "string") throw new Error(browser);
try {
  if (values.url === undefined) await ofDemo(browser);
  else await ofDashboard(browser, values.url, "data");
  await ofNothing(browser);
} finally {
  await browser.close();
}

async function ofDemo(chromium: Browser): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "dolphin-screenshots-"));
  const up = startUp(join(parent, "data"), ["--demo", "--ports", "auto"]);
  try {
    const { dashboard, services } = await up.untilUp();
    spawnSync(DOLPHIN, ["--data-dir", join(parent, "data"), "start", "trader-green"]);
    await delay(Number(values.seconds) * 1_000);
    await ofDashboard(chromium, dashboard ?? "", "data");
    for (const server of ["hazelcast", "temporal"]) {
      // Else it would be restarted.
      const silent = [up.pid, services[server]?.pid];
      for (const pid of silent) sendSignal(pid, "SIGSTOP");
      await delay(NOTICED_MS);
      await ofDashboard(chromium, dashboard ?? "", `no-${server}`);
      for (const pid of silent.toReversed()) sendSignal(pid, "SIGCONT");
      await delay(BACK_MS);
    }
  } finally {
    sendSignal(up.pid, "SIGTERM");
    await up.ended;
    rmSync(parent, { recursive: true, force: true });
  }
}

/** Nothing was ever there, and no server answers. */
async function ofNothing(chromium: Browser): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "dolphin-screenshots-"));
  const dashboard = await startDashboard({
    port: 0,
    dataDir,
    readSurroundings: () => surroundings(dataDir),
  });
  try {
    await ofDashboard(chromium, dashboard.url, "nothing");
  } finally {
    await dashboard.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function ofDashboard(chromium: Browser, url: string, state: string): Promise<void> {
  mkdirSync(OUT, { recursive: true });
  for (const [appearance, options] of Object.entries(APPEARANCES)) {
    const context = await chromium.newContext(options);
    for (const name of PAGES) {
      const page = await context.newPage();
      await page.goto(`${url}/#/${name}`);
      await delay(SETTLE_MS);
      const file = join(OUT, `${name}-${state}-${appearance}.png`);
      await page.screenshot({ path: file, fullPage: true });
      process.stdout.write(`${file}\n`);
      await page.close();
    }
    await context.close();
  }
}
