/**
 * The checks after each fault of a soak and at its end, besides the audit. Returns a list of what does not hold; empty:
 * everything does.
 */
import { createServer } from "node:http";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  incidentsFile,
  openIncidentsToRead,
} from "../../src/adapters/incident-store/incident-database.ts";
import { SegmentLogReader } from "../../src/adapters/event-log/segment-log-reader.ts";
import { COUNTED_BOOK } from "../../src/domain/trading/books.ts";
import { TradingRecordDecoder } from "../../src/wire/event-log/trading-record.ts";
import { processesOn, stateOf } from "../../test/helpers/processes.ts";
import { checkGapless } from "../../test/simulation/checkers/seqs-are-gapless.ts";
import { checkNeverBack } from "../../test/simulation/checkers/order-is-kept.ts";
import type { ScanCollector } from "../../test/chaos/harness/scan-collector.ts";

const HookBody = z.object({ incident: z.string(), state: z.string(), rule: z.string() });

/** Takes what a channel sends: each transition of an incident, counted. */
export async function listenForAlerts() {
  const received = new Map<string, number>();
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      const { incident, state } = HookBody.parse(JSON.parse(text));
      const key = `${incident} ${state}`;
      received.set(key, (received.get(key) ?? 0) + 1);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const at = server.address();
  return {
    port: typeof at === "object" && at !== null ? at.port : 0,
    hasReceived: (incident: string, state: string) => received.has(`${incident} ${state}`),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Hook = Awaited<ReturnType<typeof listenForAlerts>>;
export type Incident = {
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly started_ms: number;
  readonly resolved_ms: number | null;
  /** 1: it was not notified because its rule flapped. */
  readonly was_damped: 0 | 1 | null;
};

export function incidentsOf(dataDir: string): readonly Incident[] {
  const db = openIncidentsToRead(incidentsFile(join(dataDir, "safety")));
  if (db === null) return [];
  try {
    return db
      .prepare<[], Incident>(
        "SELECT id, rule, subject, started_ms, resolved_ms, body ->> 'wasDamped' AS was_damped FROM incidents",
      )
      .all();
  } finally {
    db.close();
  }
}

/**
 * I9: every opened incident was notified, and every notified one was resolved. One that came and went while its rule
 * flapped is reported once, when it is over.
 */
export function checkIncidents(incidents: readonly Incident[], hook: Hook): string[] {
  return incidents.flatMap(
    ({ id, rule, subject, resolved_ms: resolvedMs, was_damped: wasDamped }) => {
      const name = `${rule} of ${subject} (${id})`;
      if (resolvedMs === null) return [`alerts: ${name} is still open`];
      // An incident that ends before it is due is not notified, and neither is its end.
      const [fired, ended] = [hook.hasReceived(id, "firing"), hook.hasReceived(id, "resolved")];
      return fired === ended || (ended && wasDamped === 1)
        ? []
        : [`alerts: ${name} was told ${fired ? "without its end" : "only as ended"}`];
    },
  );
}

/**
 * I4 and I6: each scan is in the book's log once and none is left out, and each command that was taken is there. One that was
 * said again is there again, marked as repeated: that it counts once is what a replay comes to.
 */
export function checkEventLog(dataDir: string, commands: readonly string[]): string[] {
  const place = { root: join(dataDir, "journal", "trading"), book: COUNTED_BOOK };
  const reader = new SegmentLogReader(place, null);
  const decoder = new TradingRecordDecoder();
  const seqs = new Map<number, number>();
  const done = new Set<string>();
  try {
    for (const record of reader.poll()) {
      if (record.kind === "definition") {
        decoder.define(record.payload);
        continue;
      }
      const event = decoder.decode(record.payload, record.index);
      if (event.kind === "scan") seqs.set(event.seq, (seqs.get(event.seq) ?? 0) + 1);
      if (event.kind === "operator") done.add(event.commandId);
    }
  } finally {
    reader.close();
  }
  const twice = [...seqs].filter(([, times]) => 1 < times).map(([seq]) => seq);
  const ordered = [...seqs.keys()].toSorted((a, b) => a - b);
  const missed = ordered.slice(1).flatMap((seq, at) => (seq === ordered[at]! + 1 ? [] : [seq - 1]));
  const lost = commands.filter((id) => !done.has(id));
  return [
    ...(twice.length === 0 ? [] : [`the book acted twice on seq ${twice.slice(0, 10).join(", ")}`]),
    ...missed.map((seq) => `the book has no seq ${seq}`),
    ...lost.map((id) => `command ${id} was taken, and is not in the book's log`),
  ];
}

/** I2 and I3, by a reader of its own. */
export function checkCollected({ values, latest }: ScanCollector, lastSeq: number): string[] {
  return [
    ...checkGapless(
      "ringbuffer",
      values.map(({ seq }) => seq),
      lastSeq,
    ),
    ...checkNeverBack(
      "latest_eigen_scan",
      latest.map(({ seq }) => seq),
    ),
  ];
}

/** Each log with its rotated files; a line may begin below the limit and end above. */
export function checkLogs(
  dataDir: string,
  { fileMb, files }: { readonly fileMb: number; readonly files: number },
): string[] {
  const folder = join(dataDir, "logs");
  const sizes = Map.groupBy(readdirSync(folder), (name) => name.replace(/\.\d+$/, ""));
  return [...sizes].flatMap(([log, names]) => {
    const mb = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / 1_048_576;
    const isBounded = names.length <= files && mb <= fileMb * files + 1;
    return isBounded ? [] : [`log ${log} has ${names.length} files, ${mb.toFixed(1)} MB`];
  });
}

/** I7: ended child processes of the stack that were never reaped. */
export function zombiesOf(dir: string): readonly string[] {
  const ours = new Set(processesOn(dir).map(({ pid }) => pid));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && stateOf(Number(name)) === "Z")
    .filter((pid) => ours.has(parentOf(pid)))
    .map((pid) => `process ${pid} is a zombie`);
}

function parentOf(pid: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
  } catch {
    return 0;
  }
}
