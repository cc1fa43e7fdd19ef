import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HealthHistory } from "../../src/adapters/health/health-history.ts";
import { type Dashboard, startDashboard } from "../../src/dashboard/server.ts";
import { diagnose } from "../../src/domain/health/diagnose.ts";
import { ORIGINS_FILE, originsText } from "../../src/wire/declared/origins-file.ts";
import { logLine, surroundings, writeSigns } from "../helpers/dashboard.ts";
import { GRAPH, sampleWith } from "../helpers/health/faulty-world.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

function settingOf({ settings }: { readonly settings: readonly Setting[] }, key: string) {
  return settings.find((one) => one.key === key);
}

const SCRIPT = "<script>alert(1)</script>";
let folder = "";
let dashboard: Dashboard;

beforeAll(async () => {
  folder = makeTemporaryDirectory("topics");
  for (const name of ["health", "journal", "logs", "run"]) mkdirSync(join(folder, name));
  const flags = {
    "alerts.heartbeat_url_file": "/etc/x",
    "journal.postgres_secret_url": "SECRET_X",
  };
  const readSurroundings = () => surroundings(folder, flags);
  dashboard = await startDashboard({ port: 0, dataDir: folder, readSurroundings });
});
afterAll(async () => {
  await dashboard.close();
  removeTemporaryDirectory(folder);
});

async function get(path: string, url = dashboard.url) {
  const response = await fetch(`${url}${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return JSON.parse(await response.text());
}

type Cell = { readonly cell: number; readonly m3_data_freshness: number };
type Setting = { readonly key: string };

describe("before anything has run", () => {
  test("every topic answers, with nothing", async () => {
    expect(await get("/api/overview")).toMatchObject({
      sentence: { word: "Server silent", says: expect.stringContaining("do not answer") },
      up: null,
      processes: [],
      health: null,
      flow: null,
      incidents: null,
    });
    expect(await get("/api/incidents")).toBeNull();
    expect(await get("/api/health/strip?since=6h")).toMatchObject({ worst: [] });
    expect(await get("/api/restarts")).toMatchObject({ ends: [] });
    expect(await get("/api/logs")).toMatchObject({ lines: [], names: [] });
    expect(await get("/api/disk")).toMatchObject({ archive: { days: [] } });
    expect(await get("/api/versions")).toMatchObject({ dolphin: "0.1.0", node: process.version });
  });
});

describe("the overview", () => {
  test("has the newest scan's way, what health says and the open incidents", async () => {
    const { report, file } = writeSigns(folder, SCRIPT);
    const answered = await get("/api/overview");
    expect(answered.sentence.because).toMatchObject([{ id: report.roots[0]!.id }]);
    expect(answered.health).toMatchObject({ status: report.status, rm_meta: report.rm_meta });
    expect(answered.health.sensors).toHaveLength(5);
    const { ways, ...scan } = answered.flow;
    expect(scan).toMatchObject({ seq: 1, scan_number: 7, file });
    const sum = ways[0].hops.reduce((all: number, { us }: { us: number }) => all + us, 0);
    expect([sum, ways[0].total_us]).toEqual([3_000, 3_000]);
    expect(answered.incidents).toMatchObject([{ rule: "r", state: "firing", summary: SCRIPT }]);
    expect(await get("/api/incidents")).toEqual(answered.incidents);
  });
});

test("a strip has the worst of each cell, from both tables, and no more cells than asked for", async () => {
  const history = new HealthHistory(join(folder, "health", "history.db"));
  const nowUs = Date.now() * 1_000;
  for (const agoS of [7_200, 1_800, 20, 10, 0]) {
    const faults = agoS === 10 ? [{ kind: "upstream" } as const] : [];
    const sample = { ...sampleWith(faults), atUs: nowUs - agoS * 1_000_000 };
    history.record(sample, diagnose(sample, GRAPH));
  }
  history.close();
  const strip = await get("/api/health/strip?since=1h");
  const scores = strip.worst.map(({ m3_data_freshness: score }: Cell) => score);
  expect(scores).toHaveLength(new Set(strip.worst.map(({ cell }: Cell) => cell)).size);
  expect(Math.min(...scores)).toBeLessThan(0.8);
  expect(scores[0]).toBe(1);
  for (const { cell } of strip.worst) expect(cell).toBeGreaterThanOrEqual(0);
  for (const { cell } of strip.worst) expect(cell).toBeLessThan(strip.cells);
  const longer = await get("/api/health/strip?since=3h");
  expect(longer.worst.length).toBeGreaterThanOrEqual(3);
  expect((await fetch(`${dashboard.url}/api/health/strip?since=all`)).status).toBe(400);
});

test("the configuration is reported with its origins, also those that up wrote down, and without secrets", async () => {
  const before = await get("/api/config");
  expect(settingOf(before, "data_dir")).toMatchObject({ value: folder, origin: "flag" });
  expect(settingOf(before, "trader.capital")).toMatchObject({ origin: "default" });
  expect(JSON.stringify(before)).not.toContain("SECRET_X");
  // Below `up` all of it is from the file that it wrote.
  const file = join(folder, "run", "dolphin.yaml");
  writeFileSync(file, "trader: {capital: 5000}\n");
  writeFileSync(
    join(folder, "run", ORIGINS_FILE),
    originsText(new Map([["trader.capital", "environment DOLPHIN_TRADER_CAPITAL"]])),
  );
  const readSurroundings = () => surroundings(folder, {}, file);
  const below = await startDashboard({ port: 0, dataDir: folder, readSurroundings });
  try {
    const answered = await get("/api/config", below.url);
    expect(settingOf(answered, "trader.capital")).toMatchObject({
      value: 5_000,
      origin: "environment DOLPHIN_TRADER_CAPITAL",
    });
  } finally {
    await below.close();
  }
});

async function linesOf(query: string) {
  return (await get(`/api/logs${query}`)).lines;
}

test("a log without times shows none, and does not displace the others", async () => {
  const raw = Array.from({ length: 500 }, (_, at) => `written ${at}\n`).join("");
  writeFileSync(join(folder, "logs", "untimed.out"), raw);
  writeFileSync(join(folder, "logs", "timed.log"), logLine("info", "before"));
  const all = await linesOf("");
  expect(all.filter((line: { source: string }) => line.source === "timed")).toHaveLength(1);
  expect(all.at(-1)).toMatchObject({ text: "written 499", at_ms: 0 });
  expect(all.filter((line: { source: string }) => line.source === "untimed")).toHaveLength(10);
  expect(await linesOf("?name=untimed")).toHaveLength(400);
  expect((await linesOf("?search=written+17"))[0]).toMatchObject({ text: "written 170" });
  for (const file of ["untimed.out", "timed.log"]) rmSync(join(folder, "logs", file));
});

test("logs are searched at their ends, bounded, and reported as text", async () => {
  const many = Array.from({ length: 900 }, (_, at) => logLine("info", `line ${at}`)).join("");
  writeFileSync(join(folder, "logs", "a.log"), many + logLine("error", `bad ${SCRIPT}`));
  writeFileSync(join(folder, "logs", "a.err"), "Bearer abcdefgh was refused\n");
  writeFileSync(join(folder, "logs", "up.json"), "no log\n");
  const all = await get("/api/logs");
  expect([all.names, all.lines.length, all.found]).toEqual([["a"], 400, 902]);
  const found = await get("/api/logs?name=a&search=SCRIPT&level=error");
  expect(found.lines).toMatchObject([{ level: "error", source: "a", text: `bad ${SCRIPT}` }]);
  expect((await get("/api/logs?search=refused")).lines[0].text).toBe(
    "Bearer [redacted] was refused",
  );
  // Neither by its value nor by the name of its key: a search that finds a secret reveals it.
  const line = JSON.stringify({ level: "info", msg: "sent", token: "ijklmnop" });
  writeFileSync(join(folder, "logs", "b.log"), `${line}\n`);
  for (const secret of ["abcdefgh", "ijklmnop"]) {
    expect((await get(`/api/logs?search=${secret}`)).found).toBe(0);
  }
  expect((await get("/api/logs?name=..%2Fup.json")).lines).toEqual([]);
});

test("the disk is reported by folder and by day of the archive", async () => {
  const day = join(folder, "arrow_scans", "2026-03-25");
  mkdirSync(day, { recursive: true });
  for (const name of ["a.arrow", "b.arrow"]) writeFileSync(join(day, name), Buffer.alloc(1_000));
  const readSurroundings = () => surroundings(folder);
  const fresh = await startDashboard({ port: 0, dataDir: folder, readSurroundings });
  try {
    const answered = await get("/api/disk", fresh.url);
    expect(answered.archive.days).toEqual([{ day: "2026-03-25", files: 2, bytes: 2_000 }]);
    expect(answered.folders.map(({ name }: { name: string }) => name)).toContain("logs");
    expect(answered.free_bytes).toBeGreaterThan(0);
  } finally {
    await fresh.close();
  }
});
