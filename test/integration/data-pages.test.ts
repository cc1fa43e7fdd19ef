/** The data pages in a real Chromium, over files written by the trader's own parts, with every server away. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bookFolder } from "../../src/adapters/event-log/segments/segment-files.ts";
import { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { type Dashboard, startDashboard } from "../../src/dashboard/server.ts";
import { openBrowser } from "../helpers/browser.ts";
import { surroundings } from "../helpers/dashboard.ts";
import { LIVELY_BOOK } from "../helpers/lively.ts";
import { checkPageReference } from "../helpers/page-reference.ts";
import { until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { storeForecast, drawnForecast } from "../helpers/trading/drawn-forecast.ts";
import { placeIn, recordBook } from "../helpers/trading/recorded-book.ts";
import { journaledScan } from "../helpers/trading/traced-book.ts";

const SCRIPT = "<img src=x onerror=document.title=1><b id=injected>torn</b>";
const SCANS = 80;
const PAGES = ["scans", "trading", "inputs", "research"];
const AWAY = {
  "hazelcast.address": "127.0.0.1:1",
  trader: LIVELY_BOOK,
  green: { capital: 5_000 },
};
const empty = makeTemporaryDirectory("data-pages");
const full = makeTemporaryDirectory("data-pages");
const running: Dashboard[] = [];
let browser: Browser | string = "";

beforeAll(async () => {
  writeBook();
  browser = await openBrowser();
});
afterAll(async () => {
  if (typeof browser !== "string") await browser.close();
  await Promise.all(running.map((dashboard) => dashboard.close()));
  for (const dir of [empty, full]) removeTemporaryDirectory(dir);
});

function writeBook(): void {
  const startMs = Date.now() - 600_000;
  recordBook(full, { startMs, scans: SCANS, scanEveryMs: 5_000, snapshotEvery: 50 });
  storeForecast(full, drawnForecast(startMs, 0.01));
  const journal = new ScanJournal(join(full, "journal", "scan-bridge.db"));
  journal.claimEpoch(1);
  const rows = Array.from({ length: SCANS }, (_, at) => {
    const mtimeUs = (startMs + at * 5_000) * 1_000;
    return journaledScan(at + 1, 500, { mtimeUs, pushedUs: mtimeUs + 2_000 });
  });
  const verdict = { kind: "quarantined", reason: "not_a_scan", detail: SCRIPT } as const;
  const today = new Date().toISOString().slice(0, 10);
  const refused = { file: `${today}/bad.arrow`, size: 9, mtimeUs: 0, verdict };
  journal.append(rows, [{ ...refused, atUs: Date.now() * 1_000 }]);
  journal.close();
  // GREEN has run, with less money.
  mkdirSync(bookFolder(placeIn(full).root, "GREEN"));
  mkdirSync(join(full, "backtests", "mine"), { recursive: true });
  writeFileSync(join(full, "backtests", "mine", "report.json"), JSON.stringify({ name: SCRIPT }));
}

async function open(dataDir: string): Promise<string> {
  const readSurroundings = () => surroundings(dataDir, AWAY);
  const dashboard = await startDashboard({ port: 0, dataDir, readSurroundings });
  running.push(dashboard);
  return dashboard.url;
}

/** A page, and what went wrong in it: errors of scripts, and whatever the policy refused. */
async function tabIn(chromium: Browser): Promise<{ readonly tab: Page; readonly wrong: string[] }> {
  // Where this machine has none, a browser's language is none that `Intl` takes.
  const tab = await chromium.newPage({ locale: "en-US" });
  const wrong: string[] = [];
  tab.on("pageerror", ({ message }) => wrong.push(message));
  tab.on("console", (message) => {
    // What a busy machine did not answer in time is on the page, and in its reference, once it is answered.
    if (message.type() === "error" && !message.text().includes("status of 500"))
      wrong.push(message.text());
  });
  tab.setDefaultTimeout(120_000);
  return { tab, wrong };
}

function ownTexts(dir: string) {
  return { [dir]: "DATA" };
}

/** Its own, before it is scaled; null: it is not there, or cannot be drawn. */
const widthOfFan = (tab: Page): Promise<unknown> =>
  tab.evaluate("document.querySelector('img.fan')?.naturalWidth ?? null");

const main = (tab: Page, text: string | RegExp) =>
  tab.locator("main").getByText(text).first().waitFor();

test("before anything has run each page says what there is to do", async ({ skip }) => {
  if (typeof browser === "string") return skip(browser);
  const url = await open(empty);
  const { tab, wrong } = await tabIn(browser);
  for (const [page, text] of [
    ["scans", "no bridge has run on this data directory"],
    ["trading", "'dolphin start trader-blue'"],
    ["inputs", "Hazelcast does not answer"],
    ["research", "'dolphin backtest run"],
    ["overview", "No dolphin up runs on this data directory"],
    ["health", "nothing recorded in this period"],
    ["system", "Configuration"],
  ] as const) {
    await tab.goto(`${url}/#/${page}`);
    await main(tab, text);
    await checkPageReference(tab, { name: `nothing/${page}`, own: ownTexts(empty) });
  }
  expect(wrong).toEqual([]);
  await tab.close();
});

test("a book's pages show what its log says, fit a phone, and take markup as text", async ({
  skip,
}) => {
  if (typeof browser === "string") return skip(browser);
  const url = await open(full);
  const { tab, wrong } = await tabIn(browser);
  await tab.setViewportSize({ width: 360, height: 740 });
  for (const page of PAGES) {
    await tab.goto(`${url}/#/${page}`);
    switch (page) {
      case "scans":
        await main(tab, SCRIPT);
        await main(tab, /last_vel_div of velocity-divergence/);
        break;
      case "trading":
        await main(tab, "Limits of BLUE, and how much of each is used");
        await main(tab, `seq ${SCANS}`);
        await main(tab, "fall from the peak");
        await main(tab, /^Since .*: BLUE -?\d.*, GREEN -?\d/);
        await until(async () => (await widthOfFan(tab)) === 330, {
          ms: 60_000,
          tell: () => "the picture for phones of the forecast is not drawn",
        });
        break;
      case "inputs":
        await main(tab, "Hazelcast does not answer");
        break;
      case "research":
        await main(tab, "not readable");
        break;
    }
    expect(await tab.locator("#injected").count()).toBe(0);
    const wider = await tab.evaluate(
      "Math.max(0, document.documentElement.scrollWidth - innerWidth)",
    );
    expect([page, wider]).toEqual([page, 0]);
    await checkPageReference(tab, { name: `recorded/${page}`, own: ownTexts(full) });
  }
  expect(wrong).toEqual([]);
  await tab.close();
});
