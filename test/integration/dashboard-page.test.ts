/** The frame and the pages Overview, Health and System in a real Chromium, over files only, with every server away. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dashboard, startDashboard } from "../../src/dashboard/server.ts";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { openBrowser } from "../helpers/browser.ts";
import { surroundings, writeSigns } from "../helpers/dashboard.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

const SCRIPT = "<img src=x onerror=document.title=1><b id=injected>torn<b>";
const PHONE = { width: 360, height: 740 };
const WINDOWS = 7;
/** Bounds a failure only. */
const WITHIN = { timeout: 120_000 };
const dir = makeTemporaryDirectory("dashboard-page");
let browser: Browser | string = "";
let dashboard: Dashboard | null = null;

function open(port: number): Promise<Dashboard> {
  return startDashboard({ port, dataDir: dir, readSurroundings: () => surroundings(dir) });
}

beforeAll(async () => {
  writeSigns(dir, SCRIPT);
  browser = await openBrowser();
});
afterAll(async () => {
  if (typeof browser !== "string") await browser.close();
  await dashboard?.close();
  removeTemporaryDirectory(dir);
});

async function untilShown(tab: Page, text: string): Promise<void> {
  await tab
    .getByText(text)
    .first()
    .waitFor({ ...WITHIN, state: "attached" });
}

test("what files contain stays text, all fits a phone, and a lost connection is reported in every window until it is back", async ({
  skip,
}) => {
  if (typeof browser === "string") return skip(browser);
  // Whoever comes back must find it free: the kernel gives this one to nobody meanwhile.
  const port = await findFreePort();
  dashboard = await open(port);
  const context = await browser.newContext({ viewport: PHONE, colorScheme: "dark" });
  const tab = await context.newPage();
  const wrong: string[] = [];
  tab.on("pageerror", (error) => wrong.push(error.message));
  tab.on("console", (line) => {
    if (line.text().includes("Content Security Policy")) wrong.push(line.text());
  });
  const shown = { overview: SCRIPT, health: SCRIPT, system: `bad ${SCRIPT}` };
  for (const [page, text] of Object.entries(shown)) {
    await tab.goto(`${dashboard.url}/#/${page}`);
    await untilShown(tab, text);
    const width = await tab.evaluate("document.documentElement.scrollWidth");
    expect([page, width]).toEqual([page, PHONE.width]);
    expect(await tab.locator("#injected").count()).toBe(0);
  }
  expect(wrong).toEqual([]);

  // More windows than a browser opens connections to a server; the one that has the stream is closed.
  const windows: Page[] = [];
  for (let count = 0; count < WINDOWS; count += 1) {
    const next = await context.newPage();
    windows.push(next);
    await next.goto(dashboard.url);
    await untilShown(next, SCRIPT);
  }
  await tab.close();
  await dashboard.close();
  for (const one of windows) await one.locator("#lost").waitFor({ ...WITHIN, state: "visible" });
  dashboard = await open(port);
  for (const one of windows) await one.locator("#lost").waitFor({ ...WITHIN, state: "hidden" });
  const last = windows.at(-1)!;
  await last.keyboard.press("4");
  await untilShown(last, "Sensors over time");
  // By keyboard past the head, and the page stays.
  await last.keyboard.press("Tab");
  await last.keyboard.press("Enter");
  expect(await last.evaluate("[location.hash, document.activeElement.id]")).toEqual([
    "#/health",
    "page",
  ]);
});
