import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Table, tableFromIPC } from "apache-arrow";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tradingRoot } from "../../../src/adapters/event-log/segments/segment-files.ts";
import { toFile } from "../../../src/adapters/piece-sink/piece-sink.ts";
import { projectionPath } from "../../../src/operations/event-log/event-log-maintenance.ts";
import { equityRows, tradeRows } from "../../../src/operations/export/book-rows.ts";
import { eventRows } from "../../../src/operations/export/event-rows.ts";
import { scanRows } from "../../../src/operations/export/scan-rows.ts";
import { arrowOf } from "../../../src/wire/export/arrow-table.ts";
import { EXPORTS, type ExportName } from "../../../src/wire/export/columns.ts";
import { csvOf } from "../../../src/wire/export/csv-table.ts";
import type { ExportRow } from "../../../src/wire/export/table.ts";
import { exportDocs } from "../../helpers/export-docs.ts";
import { spawnSync } from "../../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { eventMs, writeTracedBook } from "../../helpers/trading/traced-book.ts";

const dolphin = resolve(import.meta.dirname, "../../../bin/dolphin");
const SCANS = 300;
/** 288 scans a day: a day ends within. */
const PERIOD_MS = 300_000;
const ALWAYS = { sinceUs: 0, untilUs: Number.MAX_SAFE_INTEGER };
let dataDir = "";
beforeEach(() => {
  dataDir = makeTemporaryDirectory("export");
  writeTracedBook({ dataDir, scans: SCANS, periodMs: PERIOD_MS });
});
afterEach(() => removeTemporaryDirectory(dataDir));

function rowsOf(what: ExportName, period = ALWAYS): Iterable<ExportRow> {
  const projection = projectionPath(dataDir);
  const journal = join(dataDir, "journal", "scan-bridge.db");
  switch (what) {
    case "trades":
      return tradeRows(projection, period);
    case "equity":
      return equityRows(projection, period);
    case "events":
      return eventRows({ root: tradingRoot(dataDir), book: "BLUE" }, period);
    case "scans":
      return scanRows({ journal, projection }, period);
  }
}

function cellOf(what: ExportName, row: ExportRow, name: string) {
  return row[EXPORTS[what].findIndex((column) => column.name === name)];
}

const TYPES = {
  integer: "number",
  number: "number",
  time: "number",
  text: "string",
  flag: "boolean",
} as const;

test.for(["trades", "equity", "events", "scans"] as const)(
  "%s: CSV and Arrow have the same rows, each cell of its column's kind",
  (what) => {
    const columns = EXPORTS[what];
    const rows = [...rowsOf(what)];
    expect(rows.length).toBeGreaterThan(20);
    for (const [at, { name, kind }] of columns.entries()) {
      const cells = rows.map((row) => row[at] ?? null).filter((cell) => cell !== null);
      const others = cells.filter((cell) => typeof cell !== TYPES[kind]);
      expect({ name, others }).toEqual({ name, others: [] });
    }
    const lines = [...csvOf({ columns, rows })].join("").split("\n");
    expect(lines[0]).toBe(columns.map(({ name }) => name).join(","));
    expect(lines).toHaveLength(rows.length + 2);
    const table = tableFromIPC(Buffer.concat([...arrowOf({ columns, rows })]));
    expect(table.numRows).toBe(rows.length);
    const fields = table.schema.fields.map(({ name, metadata }) => [name, metadata.get("unit")]);
    expect(fields).toEqual(columns.map(({ name, unit }) => [name, unit]));
    for (const [at, { name, kind }] of columns.entries()) {
      const read = readColumn(table, at);
      // apache-arrow gives a timestamp in milliseconds.
      const scale = kind === "time" ? 1_000 : 1;
      const written = rows.map((row) => {
        const cell = row[at] ?? null;
        return typeof cell === "number" ? cell / scale : cell;
      });
      expect({ name, cells: read }).toEqual({ name, cells: written });
    }
  },
);

function readColumn(table: Table, at: number): readonly unknown[] {
  const vector = table.getChildAt(at);
  return Array.from({ length: table.numRows }, (_, row): unknown => {
    const cell: unknown = vector?.get(row);
    return typeof cell === "bigint" ? Number(cell) : cell;
  });
}

test("what is exported is what was recorded: every scan, every event, a day's end", () => {
  const scans = [...rowsOf("scans")];
  expect(scans.map((row) => cellOf("scans", row, "seq"))).toEqual(
    Array.from({ length: SCANS }, (_, at) => at + 1),
  );
  const events = [...rowsOf("events")];
  expect(events.filter((row) => cellOf("events", row, "kind") === "scan")).toHaveLength(SCANS);
  const indexes = events.map((row) => Number(cellOf("events", row, "index")));
  expect(indexes).toEqual(indexes.map((_, at) => indexes[0]! + at));
  const equity = [...rowsOf("equity")];
  const times = equity.map((row) => Number(cellOf("equity", row, "at")));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(equity.filter((row) => cellOf("equity", row, "kind") === "day_end")).toHaveLength(1);
});

test("a period has what lies in it: its start, and not its end", () => {
  const sinceUs = eventMs(50, PERIOD_MS) * 1_000;
  const period = { sinceUs, untilUs: eventMs(80, PERIOD_MS) * 1_000 };
  const seqs = [...rowsOf("events", period)].flatMap((row) => {
    return cellOf("events", row, "kind") === "scan" ? [cellOf("events", row, "seq")] : [];
  });
  expect(seqs).toEqual(Array.from({ length: 30 }, (_, at) => 50 + at));
  for (const what of ["trades", "equity", "scans"] as const) {
    const inside = [...rowsOf(what, period)].length;
    expect(inside).toBeGreaterThan(0);
    expect(inside).toBeLessThan([...rowsOf(what)].length);
    const before = [...rowsOf(what, { sinceUs: 0, untilUs: sinceUs })].length;
    const after = [...rowsOf(what, { ...ALWAYS, sinceUs: period.untilUs })].length;
    expect(before + inside + after).toBe([...rowsOf(what)].length);
  }
});

test("a table without rows is a file with columns", () => {
  const columns = EXPORTS.trades;
  const table = tableFromIPC(Buffer.concat([...arrowOf({ columns, rows: [] })]));
  expect([table.numRows, table.numCols]).toEqual([0, columns.length]);
});

test("text stays text, and numbers read back to the same bits", () => {
  const columns = [
    { name: "a", kind: "text", unit: "", says: "" },
    { name: "b", kind: "number", unit: "", says: "" },
  ] as const;
  const rows = [
    ['a "quoted", one', 0.1 + 0.2],
    ["two\nlines", Number.NEGATIVE_INFINITY],
    [null, null],
  ];
  expect([...csvOf({ columns, rows })].join("")).toBe(
    'a,b\n"a ""quoted"", one",0.30000000000000004\n"two\nlines",-inf\n,\n',
  );
});

function* failing() {
  yield "half";
  throw new Error("the log is damaged");
}

test("a file is there whole or as it was before", async () => {
  const folder = join(dataDir, "out");
  mkdirSync(folder);
  const path = join(folder, "file.csv");
  writeFileSync(path, "before");
  await expect(toFile(path)(failing())).rejects.toThrow("damaged");
  expect(readFileSync(path, "utf8")).toBe("before");
  await toFile(path)(["wh", "ole"]);
  expect(readFileSync(path, "utf8")).toBe("whole");
  expect(readdirSync(folder)).toEqual(["file.csv"]);
});

test("the verbs themselves: an export to a file and to a pipe, and a trace", () => {
  const run = (...args: string[]) =>
    spawnSync(dolphin, [...args, "--data-dir", dataDir], {
      cwd: dataDir,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: dataDir },
    });
  const piped = run("export", "scans", "--until", "2027-01-01");
  expect(piped).toMatchObject({ status: 0, stderr: "" });
  const out = join(dataDir, "scans.csv");
  expect(run("export", "scans", "--out", out).status).toBe(0);
  expect(readFileSync(out, "utf8")).toBe(piped.stdout);
  expect(piped.stdout.split("\n")).toHaveLength(SCANS + 2);
  expect(run("export", "everything").status).toBe(64);
  expect(run("export", "trades", "--book", "GREEN")).toMatchObject({ status: 64 });
  const trace = run("trace", "/somewhere/2026-03-25/scan_11.arrow", "--json");
  const [scan] = JSON.parse(trace.stdout).scans;
  expect(scan).toMatchObject({ seq: 11, file: "2026-03-25/scan_11.arrow" });
  expect(scan.ways[0].hops[0]).toEqual({ from: "complete", to: "seen", us: 1_000, over: [] });
  expect(run("trace", "--day", "2026-03-25").stdout).toContain("complete to seen");
  expect(run("trace", "100000")).toMatchObject({ status: 1, stdout: "" });
  expect(existsSync(`${out}.tmp`)).toBe(false);
});

test("docs/export.md has the columns that there are", () => {
  const path = resolve(import.meta.dirname, "../../../docs/export.md");
  expect(readFileSync(path, "utf8")).toBe(exportDocs());
});
