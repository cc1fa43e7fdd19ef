/** The page in a real Chromium beside a real trader and a real watchdog: a click ends up in the journal. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { EventLogReader } from "../../src/adapters/event-log/event-log.ts";
import { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { ensureToken, loginLink, renewToken } from "../../src/dashboard/commands/token-file.ts";
import { type Dashboard, startDashboard } from "../../src/dashboard/server.ts";
import { lookUpIncidents } from "../../src/operations/incidents/look-up-incidents.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { openBrowser } from "../helpers/browser.ts";
import { NOBODY, surroundings } from "../helpers/dashboard.ts";
import { LIVELY_BOOK } from "../helpers/lively.ts";
import {
  createFeeder,
  LIVELY,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";
import { recordBook } from "../helpers/trading/recorded-book.ts";
import { journaledScan } from "../helpers/trading/traced-book.ts";
import { spawnWatchdog, type Watchdog } from "../helpers/watchdog.ts";

const PAGES = ["overview", "scans", "trading", "health", "inputs", "research", "system"];
const WAIT_MS = 120_000;
/** Every field of every answer holds it: a file's name, an asset's, a log line, a strategy's name. */
const MARKUP = `"><img src=x onerror="window.scripted=true">`;
/** Runs before the page's own code; a time stays one, so that what has one is drawn. */
const POISON = `{
  const poison = (value) => {
    if (typeof value === "string") {
      return Number.isFinite(Date.parse(value)) ? value : value + ${JSON.stringify(MARKUP)};
    }
    if (Array.isArray(value)) return value.map(poison);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poison(one)]));
  };
  const parse = JSON.parse;
  JSON.parse = (text) => poison(parse(text));
  Response.prototype.json = async function () {
    return JSON.parse(await this.text());
  };
}`;

await untilDayLasts();
let lab: Lab;
let place: TraderPlace;
let trader: TraderProcess;
let watchdog: Watchdog;
let dashboard: Dashboard;
let browser: Browser | string;
/** Of what was started, also where the rest was not. */
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  lab = await openLab("dashboard-commands");
  ends.push(() => lab.close());
  const opened = await openBrowser();
  browser = opened;
  if (typeof opened !== "string") ends.push(() => opened.close());
  const site = await lab.site();
  place = { ...site, address: lab.address };
  await createFeeder(lab.cluster).posture();
  trader = spawnTrader(place, LIVELY);
  ends.push(() => trader.kill());
  const rules = { room: { when: "disk.data.free_mb > 0", for_s: 1, inhibited_by: [] } };
  watchdog = spawnWatchdog(place, { safety: { posture: null }, alerts: { rules } });
  ends.push(() => watchdog.end());
  const found = surroundings(place.data, {
    "hazelcast.address": place.address,
    archive: place.archive,
  });
  const status = { ...found.status, hazelcast: { address: place.address, cluster: "dolphin" } };
  const readSurroundings = () => ({ ...found, status });
  dashboard = await startDashboard({ port: 0, dataDir: place.data, readSurroundings });
  ends.push(() => dashboard.close());
  await trader.ready();
  await trader.hearsHazelcast();
});
afterAll(async () => {
  // One that cannot be ended keeps no other alive; the lab is the last.
  const failed: unknown[] = [];
  for (const end of ends.toReversed()) await end().catch((error: unknown) => failed.push(error));
  if (failed.length !== 0) throw new AggregateError(failed, "something was not ended");
});

/** Operators' commands to the book, from its journal. */
function recordedCommands(): readonly { readonly command: string; readonly by: string }[] {
  const root = join(place.data, "journal/trading");
  const reader = new EventLogReader({ root, book: "BLUE" }, null);
  try {
    return [...reader.poll()].flatMap((event) =>
      event.kind === "operator" ? [{ command: event.command.kind, by: event.by }] : [],
    );
  } finally {
    reader.close();
  }
}

function untilRecorded(command: string) {
  return until(`the journal has ${command}`, () =>
    recordedCommands().find((one) => one.command === command),
  );
}

/** Null, with a sentence, where this machine has no browser. */
async function openPage(skip: (why: string) => void, path = "/"): Promise<Page | null> {
  if (typeof browser === "string") {
    skip(browser);
    return null;
  }
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(path.startsWith("http") ? path : `${dashboard.url}${path}`);
  return page;
}

function openSignedIn(skip: (why: string) => void): Promise<Page | null> {
  return openPage(skip, loginLink(dashboard.url, ensureToken(place.data)));
}

async function closePage(page: Page): Promise<void> {
  await page.context().close();
}

function post(name: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  return fetch(`${dashboard.url}/command/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: dashboard.url, ...headers },
    body: JSON.stringify(body),
  });
}

test("over plain HTTP a session halts and resumes the trader, as its journal says", async () => {
  const login = await post("login", { token: ensureToken(place.data) });
  const { second } = z.object({ second: z.string() }).parse(await login.json());
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const session = { cookie, "x-dolphin-session": second };
  const input = { book: "BLUE" };
  expect((await post("halt", { input }, { cookie })).status).toBe(401);
  const halted = await post("halt", { input }, session);
  expect([halted.status, await halted.json()]).toMatchObject([200, { ok: true }]);
  expect((await trader.status()).halted).toBe(true);
  expect((await post("resume", { input }, session)).status).toBe(200);
  expect((await trader.status()).halted).toBe(false);
  expect(recordedCommands().map(({ command }) => command)).toEqual(["halt", "resume"]);
  expect(recordedCommands()[0]?.by).toMatch(/ \(dashboard, session 1\)$/);
});

test("by keyboard alone a book is halted, resumed and, in two steps, flattened", async ({
  skip,
}) => {
  const page = await openSignedIn(skip);
  if (page === null) return;
  await page.getByText(/this page takes commands now/).waitFor();
  expect(page.url()).not.toContain("token");
  const before = recordedCommands().length;
  await page.keyboard.press("c");
  const desk = page.getByRole("dialog", { name: "Commands" });
  await desk.getByRole("button", { name: "Halt" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Halt BLUE?" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Halt BLUE?" }).waitFor({ state: "detached" });
  expect(recordedCommands()).toHaveLength(before);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Halt BLUE?" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText(/^BLUE: .*halt/).waitFor();
  expect(recordedCommands().slice(before)).toMatchObject([{ command: "halt" }]);
  expect((await trader.status()).halted).toBe(true);

  await desk.getByRole("button", { name: "Flatten" }).focus();
  await page.keyboard.press("Enter");
  const sure = page.getByRole("dialog", { name: "Flatten BLUE?" });
  await sure.getByText(/^would close \d+ positions of BLUE/).waitFor();
  // What is grave has Cancel under the finger.
  await page.keyboard.press("Enter");
  await sure.waitFor({ state: "detached" });
  expect(recordedCommands().slice(before)).toHaveLength(1);
  await page.keyboard.press("Enter");
  await sure.getByRole("button", { name: "Flatten BLUE" }).click();
  await untilRecorded("flatten");
  await closePage(page);
});

test("an incident is acknowledged on the page, by whom and from where", async ({ skip }) => {
  const page = await openSignedIn(skip);
  if (page === null) return;
  const button = page.getByRole("button", { name: /^Acknowledge .*room/ }).first();
  await button.click();
  const acknowledged = await until("the watchdog has it", async () => {
    const { live, kept } = await lookUpIncidents(place.data);
    kept?.close();
    return live?.incidents.find(({ rule }) => rule === "room")?.acknowledged;
  });
  expect(acknowledged.via).toBe("dashboard");
  await page.getByText(`by ${acknowledged.by}`).first().waitFor();
  await closePage(page);
});

test("without a session the page shows no command, and it ends with its token", async ({
  skip,
}) => {
  const page = await openPage(skip);
  if (page === null) return;
  await page.getByText("read-only", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Commands" }).isVisible()).toBe(false);
  await page.goto(loginLink(dashboard.url, ensureToken(place.data)));
  await page.getByRole("button", { name: "Commands" }).click();
  renewToken(place.data);
  const desk = page.getByRole("dialog", { name: "Commands" });
  await desk.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Resume BLUE" }).click();
  await page
    .getByRole("alert")
    .getByText(/this page is read-only: open the link/)
    .waitFor();
  await page.getByText("read-only", { exact: true }).waitFor();
  await closePage(page);
});

test("markup in any field of any answer stays text on every page", async ({ skip }) => {
  if (typeof browser === "string") return skip(browser);
  const dataDir = join(place.dir, "recorded");
  writeRecorded(dataDir);
  const flags = { trader: LIVELY_BOOK, indicators: { fear_greed: {} } };
  const readSurroundings = () => surroundings(dataDir, { "hazelcast.address": NOBODY, ...flags });
  const recorded = await startDashboard({ port: 0, dataDir, readSurroundings });
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.addInitScript(POISON);
  for (const name of PAGES) {
    await page.goto(`${recorded.url}/#/${name}`);
    // Another part of the address after the # loads nothing anew.
    await page.reload();
    await until(`${name} shows it`, async () =>
      (await page.locator("#page").innerText()).includes("onerror="),
    );
    expect([name, await page.locator('img[src="x"], img[onerror]').count()]).toEqual([name, 0]);
    expect(await page.locator('[href^="javascript:"]').count()).toBe(0);
    expect(await page.evaluate("window.scripted")).toBeUndefined();
  }
  await closePage(page);
  await recorded.close();
});

/** Scans, trades, a log line: something for each page. */
function writeRecorded(dataDir: string): void {
  const startMs = Date.now() - 600_000;
  recordBook(dataDir, { startMs, scans: 60, scanEveryMs: 5_000, snapshotEvery: 50 });
  const journal = new ScanJournal(join(dataDir, "journal", "scan-bridge.db"));
  journal.claimEpoch(1);
  const mtimeUs = startMs * 1_000;
  journal.append([journaledScan(1, 500, { mtimeUs, pushedUs: mtimeUs + 2_000 })]);
  journal.close();
  mkdirSync(join(dataDir, "logs"), { recursive: true });
  const line = { time: new Date().toISOString(), level: "info", msg: "told" };
  writeFileSync(join(dataDir, "logs", "worker.log"), `${JSON.stringify(line)}\n`);
}
