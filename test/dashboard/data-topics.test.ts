/** The routes of the data pages, over files written by the trader's own parts and by a run, with all servers away. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { type Dashboard, startDashboard } from "../../src/dashboard/server.ts";
import { surroundings } from "../helpers/dashboard.ts";
import { LIVELY_BOOK } from "../helpers/lively.ts";
import { storeForecast, drawnForecast } from "../helpers/trading/drawn-forecast.ts";
import { recordBook } from "../helpers/trading/recorded-book.ts";
import { journaledScan } from "../helpers/trading/traced-book.ts";

const SHEET = "<!doctype html><title>x</title><script>alert(1)</script>";
const AWAY = { "hazelcast.address": "127.0.0.1:1", trader: LIVELY_BOOK };
const empty = mkdtempSync(join(tmpdir(), "dolphin-data-topics-"));
const full = mkdtempSync(join(tmpdir(), "dolphin-data-topics-"));
const running: Dashboard[] = [];

async function open(dataDir: string): Promise<string> {
  const dashboard = await startDashboard({
    port: 0,
    dataDir,
    readSurroundings: () => surroundings(dataDir, AWAY),
  });
  running.push(dashboard);
  return dashboard.url;
}

let ofNothing = "";
let ofBook = "";
beforeAll(async () => {
  recordBook(full, {
    startMs: Date.now() - 600_000,
    scans: 60,
    scanEveryMs: 5_000,
    snapshotEvery: 50,
  });
  const journal = new ScanJournal(join(full, "journal", "scan-bridge.db"));
  journal.claimEpoch(1);
  const mtimeUs = (Date.now() - 60_000) * 1_000;
  journal.append([journaledScan(1, 500, { mtimeUs, pushedUs: mtimeUs + 2_000 })]);
  journal.close();
  mkdirSync(join(full, "backtests", "mine"), { recursive: true });
  writeFileSync(join(full, "backtests", "mine", "tear-sheet.html"), SHEET);
  ofNothing = await open(empty);
  ofBook = await open(full);
});
afterAll(async () => {
  await Promise.all(running.map((dashboard) => dashboard.close()));
  for (const dir of [empty, full]) rmSync(dir, { recursive: true, force: true });
});

async function get(url: string, path: string) {
  const response = await fetch(`${url}${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return JSON.parse(await response.text());
}

describe("where nothing has run yet, and no server answers", () => {
  test("every route answers, and says what there is to do", async () => {
    const absent = { absent: expect.stringContaining("dolphin start") as unknown };
    expect(await get(ofNothing, "/api/scans")).toBeNull();
    expect(await get(ofNothing, "/api/scans/signal")).toEqual(absent);
    expect(await get(ofNothing, "/api/trading")).toMatchObject({
      counted: "BLUE",
      blue: absent,
      books: null,
    });
    expect(await get(ofNothing, "/api/trading/ledger")).toBeNull();
    expect(await get(ofNothing, "/api/trading/forecast")).toEqual({
      absent: "there is no forecast yet: 'dolphin forewarn run' makes one now",
      nextAt: null,
      trouble: expect.stringContaining("Temporal does not answer") as unknown,
    });
    expect(await get(ofNothing, "/api/inputs")).toEqual({
      feeds: null,
      indicators: [],
      orderBooks: null,
    });
    expect(await get(ofNothing, "/api/research")).toEqual({ rows: [], leftOut: 0 });
    expect(await get(ofNothing, "/api/research/running")).toEqual({
      runs: [],
      problem: expect.stringContaining("Temporal does not answer") as unknown,
    });
  });
});

describe("over a book that has traded", () => {
  test("its state, its curves and the answer to why are reported while Hazelcast is away", async () => {
    const { blue, books } = await get(ofBook, "/api/trading");
    expect(books).toBeNull();
    expect(blue.state.book).toBe("BLUE");
    expect(blue.limits.length).toBeGreaterThan(3);
    const why = await get(ofBook, "/api/trading/why?book=BLUE&seq=40");
    expect(why).toMatchObject({ seq: 40, recorded: "same" });
    expect((await get(ofBook, "/api/scans/signal")).readings).toHaveProperty("last_vel_div");
    expect((await get(ofBook, "/api/scans?since=1h")).total.scans).toBe(1);
    expect((await get(ofBook, "/api/trading/prices?asset=AAA")).prices.count).toBe(60);
  });

  test.each([
    ["/api/scans?since=soon", 400],
    ["/api/trading/why?book=RED", 400],
    ["/api/trading/why?seq=-1", 400],
    ["/api/trading/forecast.svg", 404],
    ["/api/inputs/book?asset=%3Cb%3E", 400],
    ["/api/research/map?name=nobody", 404],
    ["/research/..%2f..%2fx/tear-sheet.html", 404],
    ["/research/nobody/tear-sheet.html", 404],
  ])("%s is refused with %i and one line", async (path, status) => {
    const response = await fetch(`${ofBook}${path}`);
    expect(response.status).toBe(status);
    expect((await response.text()).trim().split("\n")).toHaveLength(1);
  });

  test("a forecast is drawn as a picture that runs nothing", async () => {
    storeForecast(full, drawnForecast(Date.now(), 0.01, { reason: "<script>" }));
    expect(await get(ofBook, "/api/trading/forecast")).toMatchObject({ reason: "<script>" });
    const response = await fetch(`${ofBook}/api/trading/forecast.svg?form=narrow`);
    expect(response.headers.get("content-type")).toBe("image/svg+xml");
    expect(response.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(await response.text()).toMatch(/^<svg [^>]*width="330"/);
  });

  test("a report is served without a script, a form or an origin, whatever it holds", async () => {
    const response = await fetch(`${ofBook}/research/mine/tear-sheet.html`);
    expect(await response.text()).toBe(SHEET);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^sandbox\b/);
    expect(policy).not.toContain("allow-scripts");
    expect(policy).toContain("default-src 'none'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const page = await fetch(`${ofBook}/`);
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'self'/);
  });
});
