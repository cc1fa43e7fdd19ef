import { createServer } from "node:http";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sendSpans } from "../../../src/adapters/otlp/send-spans.ts";
import { openScanWays } from "../../../src/adapters/scan-journal/way/scan-ways.ts";
import { ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { projectionPath } from "../../../src/operations/event-log/event-log-maintenance.ts";
import { openBookWays } from "../../../src/operations/trace/book-ways.ts";
import { tracePeriod } from "../../../src/operations/trace/trace-period.ts";
import { traceScan, traceTrade } from "../../../src/operations/trace/trace-scan.ts";
import { otlpJson } from "../../../src/wire/otlp/spans.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { eventMs, journaledScan, writeTracedBook } from "../../helpers/trading/traced-book.ts";

const SCANS = 60;
const PERIOD_MS = 5_000;
/** Of an older bridge, which kept no such times. */
const OLD = 7;
const [REPLAYED, LATE] = [20, 21];
let dataDir = "";
let sources: ReturnType<typeof openSources>;
beforeEach(() => {
  dataDir = makeTemporaryDirectory("trace");
  writeTracedBook({ dataDir, scans: SCANS, periodMs: PERIOD_MS }, (seq) => {
    const { seenUs, decodedUs, ...row } = journaledScan(seq, PERIOD_MS);
    const marks = { replayed: seq === REPLAYED, late: seq === LATE };
    return seq <= OLD
      ? { ...row, ...marks }
      : { ...row, ...marks, seenUs: seenUs!, decodedUs: decodedUs! };
  });
  sources = openSources();
});
afterEach(() => {
  sources.scans.close();
  sources.book?.close();
  removeTemporaryDirectory(dataDir);
});

function openSources() {
  const scans = openScanWays(join(dataDir, "journal", "scan-bridge.db"));
  if (scans === null) throw new Error("the journal is there");
  return { scans, book: openBookWays(projectionPath(dataDir)) };
}

test("the hops of every scan add up to its total, from the file to the event or the fill", () => {
  let orders = 0;
  for (let seq = 1; seq <= SCANS; seq += 1) {
    const trace = traceScan(sources, seq)!;
    for (const { hops, totalUs, order, stations } of trace.ways) {
      expect(hops.reduce((sum, { us }) => sum + us, 0)).toBe(totalUs);
      expect(stations[0]!.atUs).toBe(trace.scan.mtimeUs);
      const lastMs = order?.filled_at_ms ?? eventMs(seq, PERIOD_MS);
      expect(stations[0]!.atUs! + totalUs!).toBe(lastMs * 1_000);
      if (order !== null) orders += 1;
    }
  }
  expect(orders).toBeGreaterThan(10);
});

test("each hop is reported; what an older bridge did not record is said to be unknown", () => {
  const known = traceScan(sources, 11)!.ways[0]!;
  expect(known.hops.slice(0, 4)).toEqual([
    { from: "complete", to: "seen", us: 1_000, over: [] },
    { from: "seen", to: "decoded", us: 400, over: [] },
    { from: "decoded", to: "pushed", us: 300, over: [] },
    { from: "pushed", to: "event", us: 300, over: [] },
  ]);
  const old = traceScan(sources, 3)!.ways[0]!;
  expect(old.hops[0]).toEqual({
    from: "complete",
    to: "pushed",
    us: 1_700,
    over: ["seen", "decoded"],
  });
  expect(
    old.stations.filter(({ atUs }) => atUs === null).map(({ name, says }) => [name, says]),
  ).toEqual([
    ["seen", expect.stringContaining("not recorded")],
    ["decoded", expect.stringContaining("not recorded")],
    ["decision", expect.stringContaining("within the event's step")],
  ]);
});

test("a trade is traced by its position, or by one of its orders, from both its scans", () => {
  const db = new Database(projectionPath(dataDir), { readonly: true });
  const position = String(db.prepare("SELECT position_id FROM trades LIMIT 1").pluck().get());
  db.close();
  const traces = traceTrade(sources, position);
  const purposes = traces.map(({ ways }) => ways[0]!.order!.purpose);
  expect(purposes[0]).toBe("entry");
  expect(purposes).toContain("exit");
  const exit = traces.at(-1)!.ways[0]!.order!.client_order_id;
  expect(traceTrade(sources, exit)).toEqual(traces);
  expect(traceTrade(sources, "BLUE-s1-99")).toEqual([]);
});

test("without a projection the book's part is said to be unknown", () => {
  const { ways, decision } = traceScan({ scans: sources.scans, book: null }, 11)!;
  expect(decision).toBeNull();
  expect(ways[0]).toMatchObject({ totalUs: 1_700 });
  expect(ways[0]!.stations.at(-1)).toMatchObject({ name: "event", atUs: null });
});

test("a period has the scans pushed in it, the live ones in its figures", () => {
  const sinceUs = eventMs(9, PERIOD_MS) * 1_000 - 1_000;
  const untilUs = eventMs(40, PERIOD_MS) * 1_000 - 1_000;
  const trace = tracePeriod(sources, { sinceUs, untilUs });
  expect(trace).toMatchObject({ scans: 31, replayed: 1, late: 1, unheard: 0, leftOut: 0 });
  expect(trace.hops.find(({ hop }) => hop === "complete to seen")).toMatchObject({
    count: 29,
    p50Us: 1_000,
    maxUs: 1_000,
  });
  expect(trace.slowest).toHaveLength(10);
  const totals = trace.slowest.map(({ totalUs }) => totalUs);
  expect(totals).toEqual(totals.toSorted((one, other) => other - one));
  const empty = tracePeriod(sources, { sinceUs: untilUs * 2, untilUs: untilUs * 3 });
  expect(empty).toMatchObject({ scans: 0, total: null, slowest: [] });
});

test("an older program writes on in the journal, and what it wrote reads as unknown", () => {
  const path = join(dataDir, "journal", "scan-bridge.db");
  const db = new Database(path);
  expect(db.pragma("user_version", { simple: true })).toBe(1);
  const columns = db.prepare("SELECT count(*) FROM pragma_table_info('scans')").pluck();
  expect(columns.get()).toBe(12);
  // As an older bridge finds it: of a file that was pushed it reads no reason and no detail.
  db.prepare("UPDATE files SET detail = NULL WHERE seq = 30").run();
  db.close();
  const journal = new ScanJournal(path, { readonly: true });
  expect(journal.file("2026-03-25/scan_31.arrow")?.verdict).toEqual({ kind: "pushed", seq: 31 });
  journal.close();
  expect(sources.scans.of(30)?.way).toBeNull();
  expect(sources.scans.of(31)?.way).not.toBeNull();
});

test("a file that is examined again keeps its recorded times; another verdict ends it", () => {
  const journal = new ScanJournal(join(dataDir, "journal", "scan-bridge.db"));
  journal.claimEpoch(2);
  const { way } = sources.scans.of(30)!;
  const file = { file: "2026-03-25/scan_30.arrow", size: 2_000, mtimeUs: 9, atUs: 10 };
  journal.append([], [{ ...file, verdict: { kind: "pushed", seq: 30 } }]);
  expect(journal.file(file.file)).toMatchObject({ mtimeUs: 9, atUs: 10 });
  expect(way).not.toBeNull();
  expect(sources.scans.of(30)?.way).toEqual(way);
  const refused = { kind: "quarantined", reason: "truncated", detail: "short" } as const;
  journal.append([], [{ ...file, verdict: refused }]);
  expect(journal.file(file.file)?.verdict).toEqual(refused);
  journal.append([], [{ ...file, verdict: { kind: "pushed", seq: 30 } }]);
  expect(sources.scans.of(30)?.way).toBeNull();
  journal.close();
});

type Span = { readonly startTimeUnixNano: string; readonly endTimeUnixNano: string };

function took({ startTimeUnixNano, endTimeUnixNano }: Span): bigint {
  return BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano);
}

test("a collector gets a trace a scan: a span a hop, which add up to the one above them", async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(request.url === "/v1/traces" ? 200 : 404).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  try {
    const { scan, ways } = traceScan(sources, 11)!;
    const text = otlpJson([{ ...scan, beganUs: scan.mtimeUs, order: null, hops: ways[0]! }]);
    await sendSpans(`${url}/v1/traces`, text);
    await expect(sendSpans(`${url}/elsewhere`, text)).rejects.toThrow("answered 404");
    const { spans } = JSON.parse(bodies[0]!).resourceSpans[0].scopeSpans[0];
    const [root, ...hops] = spans;
    expect(new Set(spans.map((span: { traceId: string }) => span.traceId)).size).toBe(1);
    expect(root.traceId).toMatch(/^[0-9a-f]{32}$/);
    const sum = hops.reduce((all: bigint, span: Span) => all + took(span), 0n);
    expect(sum).toBe(took(root));
    for (const hop of hops) expect(hop.parentSpanId).toBe(root.spanId);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
