import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HealthHistory, openHealthHistory } from "../../../src/adapters/health/health-history.ts";
import { diagnose } from "../../../src/domain/health/diagnose.ts";
import { type Fault, GRAPH, sampleWith } from "../../helpers/health/faulty-world.ts";

let dir = "";
let path = "";
const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const NOW = 1_800_000_000 * SECOND;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dolphin-history-"));
  path = join(dir, "health", "history.db");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function record(history: HealthHistory, atUs: number, ...faults: readonly Fault[]): void {
  const sample = { ...sampleWith(faults), atUs };
  history.record(sample, diagnose(sample, GRAPH));
}

function countIn(table: string): number {
  const db = new Database(path, { readonly: true });
  const row = db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get();
  db.close();
  return row?.n ?? 0;
}

test("each sample for a day, one a minute for ninety, and a sample comes back as it was", () => {
  const history = new HealthHistory(path);
  for (const days of [100, 75, 50, 25, 2]) record(history, NOW - days * DAY);
  for (let at = 0; at < 24; at += 1) record(history, NOW + at * 5 * SECOND);
  record(history, NOW + 120 * SECOND, { kind: "hazelcast" });
  history.close();
  expect([countIn("samples"), countIn("minutes")]).toEqual([25, 7]);
  const reader = openHealthHistory(path)!;
  const rows = reader.since(NOW, 1_000);
  expect(rows).toHaveLength(25);
  expect(rows.at(-1)).toMatchObject({
    at_us: NOW + 120 * SECOND,
    status: "DEGRADED",
    m3_data_freshness: null,
    causes: "hazelcast:hazelcast",
  });
  // Further back than each sample is kept there is one a minute, evenly fewer where few are wanted.
  expect(reader.since(NOW - 3 * DAY, 1_000).map(({ at_us }) => at_us)[0]).toBe(NOW - 2 * DAY);
  expect(reader.since(NOW, 5)).toHaveLength(5);
  const [last] = [...reader.samples(NOW + 120 * SECOND, NOW + 120 * SECOND)];
  expect(last).toEqual({ ...sampleWith([{ kind: "hazelcast" }]), atUs: NOW + 120 * SECOND });
  reader.close();
});

test("a clock that was far ahead does not keep its rows for good", () => {
  const history = new HealthHistory(path);
  record(history, NOW + 4_000 * DAY);
  record(history, NOW);
  history.close();
  const db = new Database(path);
  db.exec("UPDATE samples SET id = id - 17280 WHERE id = 1");
  db.close();
  const again = new HealthHistory(path);
  record(again, NOW + 60 * SECOND);
  again.close();
  const reader = openHealthHistory(path)!;
  expect(reader.since(0, 100).every(({ at_us }) => at_us <= NOW + 4_000 * DAY)).toBe(true);
  reader.close();
  expect(countIn("samples")).toBe(2);
});

test.each([
  ["while it is known to be wrong", { kind: "clock" }],
  ["when health finds it so at its start", { kind: "upstream" }],
] as const)("a clock that is a year ahead deletes nothing: %s", (_when, fault) => {
  const history = new HealthHistory(path);
  for (let day = 80; 0 <= day; day -= 20) record(history, NOW - day * DAY);
  history.close();
  const again = new HealthHistory(path);
  record(again, NOW + 365 * DAY, fault);
  record(again, NOW + 365 * DAY + 90 * SECOND);
  again.close();
  expect(countIn("minutes")).toBe(7);
});

test("a damaged file is reported to its reader; without a file, or in an empty one, nothing was recorded", () => {
  expect(openHealthHistory(path)).toBeNull();
  const history = new HealthHistory(path);
  record(history, NOW);
  history.close();
  writeFileSync(path, "x".repeat(9_000));
  expect(() => openHealthHistory(path)).toThrow("not a database");
  writeFileSync(path, "");
  expect(openHealthHistory(path)).toBeNull();
});

test("a damaged file is put aside, and a new one is begun", () => {
  const first = new HealthHistory(path);
  record(first, NOW);
  first.close();
  writeFileSync(path, "this is no database, and long enough to be taken for one".repeat(100));
  const history = new HealthHistory(path);
  record(history, NOW + SECOND);
  expect(history.trouble).toContain("it was moved aside, and a new one is created");
  record(history, NOW + 2 * SECOND);
  expect(history.trouble).toBeNull();
  history.close();
  expect(readdirSync(join(dir, "health"))).toContain("history.db.damaged");
  expect(countIn("samples")).toBe(1);
});

test("a place that cannot be written costs history alone", () => {
  writeFileSync(join(dir, "health"), "a file where the folder would be");
  const history = new HealthHistory(path);
  record(history, NOW);
  record(history, NOW + SECOND);
  expect(history.trouble).toContain(path);
  history.close();
  expect(openHealthHistory(path)).toBeNull();
  expect(existsSync(path)).toBe(false);
});

test.each([
  ["back", -10],
  ["ahead", 10],
])("a clock that was set %s for a minute hides none of the days before", (_how, days) => {
  const history = new HealthHistory(path);
  for (const hours of [144, 96, 48]) record(history, NOW - hours * 3_600 * SECOND);
  // What is older than a day is kept by the minute alone.
  record(history, NOW);
  record(history, NOW + days * DAY, { kind: "clock" });
  record(history, NOW + 60 * SECOND);
  history.close();
  const reader = openHealthHistory(path)!;
  const newestUs = reader.newestUs();
  expect(newestUs).toBe(NOW + 60 * SECOND);
  const found = [...reader.samples(NOW - 7 * DAY, newestUs ?? 0)].map(({ atUs }) => atUs - NOW);
  expect(found).toEqual(
    [-144, -96, -48].map((hours) => hours * 3_600 * SECOND).concat(0, 60 * SECOND),
  );
  expect(reader.since(NOW - 7 * DAY, 100).filter(({ at_us }) => at_us < NOW)).toHaveLength(3);
  const cells = reader.worst({ fromUs: NOW - 7 * DAY, untilUs: NOW, cells: 7 });
  expect(cells).toHaveLength(3);
  reader.close();
});
