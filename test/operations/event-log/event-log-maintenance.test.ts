import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SegmentLogReader } from "../../../src/adapters/event-log/segment-log-reader.ts";
import { EventLogMaintenance } from "../../../src/operations/event-log/event-log-maintenance.ts";
import { deleteOldDays } from "../../../src/adapters/event-log/retention.ts";
import {
  latestSnapshot,
  listSnapshots,
  saveSnapshot,
} from "../../../src/adapters/event-log/snapshots.ts";
import { SegmentLog } from "../../../src/adapters/event-log/segment-log.ts";
import { EventLog, EventLogReader } from "../../../src/adapters/event-log/event-log.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { DAY, payloadOf, readPayloads, writeDay } from "../../helpers/event-log.ts";
import { spawnSync } from "../../helpers/run-program.ts";

const FIXTURE = resolve(import.meta.dirname, "../../fixtures/event-log/v1");
const FILLER = resolve(import.meta.dirname, "../../helpers/journal-full-process.ts");
const WRITER = resolve(import.meta.dirname, "../../helpers/journal-writer-process.ts");

let root = "";
let folder = "";
let place = { root, book: "BLUE" };
beforeEach(() => {
  root = makeTemporaryDirectory("trading-journal");
  folder = join(root, "BLUE");
  place = { root, book: "BLUE" };
});
afterEach(() => {
  removeTemporaryDirectory(root);
});

const days = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".seg"))
    .toSorted()
    .map((name) => name.slice(0, 10));

/** Days with ten events each, and snapshots at the indices. */
function writeDays(names: readonly string[], snapshots: readonly number[] = []): void {
  for (const [at, day] of names.entries()) {
    const payloads = Array.from({ length: 10 }, (_, i) => payloadOf(10 * at + i, 20));
    writeDay(place, { day, from: 10 * at, payloads });
  }
  const journal = new SegmentLog(place, 1);
  for (const index of snapshots) saveSnapshot(journal, index, payloadOf(index, 500));
  journal.close();
}

describe("a snapshot", () => {
  test("is the newest that is whole; a damaged one falls back to the one before", () => {
    writeDays([DAY], [2, 4, 6, 8]);
    expect(listSnapshots(folder)).toEqual([4, 6, 8]);
    const pathOf = (index: number) =>
      join(folder, "snapshots", `${String(index).padStart(16, "0")}.snap`);
    const check = (index: number | null, damaged: readonly number[]) => {
      const snapshot = index === null ? null : { index, bytes: payloadOf(index, 500) };
      expect(latestSnapshot(folder, 9)).toEqual({ snapshot, damaged: damaged.map(pathOf) });
    };
    check(8, []);
    expect(latestSnapshot(folder, 7).snapshot?.index).toBe(6);
    truncateSync(pathOf(8), 300);
    check(6, [8]);
    for (let at = 0; at < 556; at += 37) {
      const whole = readFileSync(pathOf(6));
      const changed = Buffer.from(whole);
      changed[at]! ^= 4;
      writeFileSync(pathOf(6), changed);
      check(4, [8, 6]);
      writeFileSync(pathOf(6), whole);
    }
    writeFileSync(pathOf(6), "");
    writeFileSync(pathOf(4), Buffer.alloc(556));
    check(null, [8, 6, 4]);
  });

  test("contains nothing that was not appended, and makes the log durable before itself", () => {
    writeDays([DAY]);
    const journal = new SegmentLog(place, 1);
    expect(() => saveSnapshot(journal, 10, Buffer.of(1))).toThrow("appended events only");
    journal.append(10, Buffer.of(1));
    expect(journal.isSynced).toBe(false);
    saveSnapshot(journal, 10, Buffer.of(1));
    expect(journal.isSynced).toBe(true);
    journal.close();
  });
});

describe("retention", () => {
  const FIVE = ["2026-03-21", "2026-03-22", "2026-03-23", "2026-03-24", "2026-03-25"];
  const rule = { keepFrom: "2026-03-25", acknowledgedTo: Infinity, unreadFrom: Infinity };

  test.each([
    ["nothing holds them", [45], {}, 4, "newest"],
    ["also the newest is old", [49], { keepFrom: "2027-01-01" }, 4, "newest"],
    ["some are young", [45], { keepFrom: "2026-03-23" }, 2, "young"],
    ["the sessions were told up to within a day", [45], { acknowledgedTo: 18 }, 1, "unsettled"],
    ["they were told a day to its end", [45], { acknowledgedTo: 19 }, 2, "unsettled"],
    ["they were told nothing", [45], { acknowledgedTo: 0 }, 0, "unsettled"],
    ["an older snapshot needs one", [19, 45], {}, 2, "needed_by_snapshot"],
    ["a snapshot lies within a day", [18, 45], {}, 1, "needed_by_snapshot"],
    ["there is no snapshot", [], {}, 0, "needed_by_snapshot"],
    ["a projection is behind", [45], { unreadFrom: 29 }, 2, "unread"],
  ] as const)("when %s (%j): %o deletes %i days", (_, snapshots, changes, count, reason) => {
    writeDays(FIVE, snapshots);
    const report = deleteOldDays(folder, { ...rule, ...changes });
    expect(report.deleted).toEqual(FIVE.slice(0, count));
    expect(report.kept).toEqual(FIVE.slice(count).map((day) => ({ day, reason })));
    expect(days()).toEqual(FIVE.slice(count));
    expect(readPayloads(place, null)).toHaveLength(50 - 10 * count);
  });
});

const KINDS = ["started", "posture", "tick", "feature", "operator"];
/** Of the fixture's events, whose indices are checked. */
function checkedKinds(): string[] {
  const reader = new EventLogReader(place, null);
  const events = [...reader.poll()];
  reader.close();
  expect(events.map(({ index }) => index)).toEqual(events.map((_, at) => 41 + at));
  return events.map(({ kind }) => kind);
}

describe("a segment of version 1", () => {
  test("is read as it is, migrated when it is written, and goes on", () => {
    cpSync(FIXTURE, root, { recursive: true });
    expect(checkedKinds()).toEqual(KINDS);
    expect(readFileSync(join(folder, `${DAY}.seg`))[8]).toBe(1);
    const log = new EventLog(place, { epoch: 3, carriedCount: 0 });
    expect(log.journal.opened).toMatchObject({ migrated: [join(folder, `${DAY}.seg`)], torn: [] });
    expect(readFileSync(join(folder, `${DAY}.seg`))[8]).toBe(2);
    expect(checkedKinds()).toEqual(KINDS);
    log.append({ kind: "tick", index: 46, nowMs: 1_774_434_032_000 });
    log.close();
    expect(checkedKinds()).toEqual([...KINDS, "tick"]);
    const reader = new SegmentLogReader(place, null);
    expect([...reader.poll()].map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0, 0, 3]);
    reader.close();
    const again = new SegmentLog(place, 3);
    expect(again.opened.migrated).toEqual([]);
    again.close();
  });

  test("with a torn end is cut and reported; one with damage stays as it is", () => {
    cpSync(FIXTURE, root, { recursive: true });
    const path = join(folder, `${DAY}.seg`);
    const whole = readFileSync(path);
    appendFileSync(path, Buffer.alloc(33, 7));
    writeFileSync(`${path}.tmp`, "left by a crash");
    const journal = new SegmentLog(place, 1);
    expect(journal.opened.torn).toEqual([{ path, keptBytes: whole.length, cutBytes: 33 }]);
    journal.close();
    expect(existsSync(`${path}.tmp`)).toBe(false);
    expect(checkedKinds()).toEqual(KINDS);
    const changed = Buffer.from(whole);
    changed[100]! ^= 1;
    writeFileSync(path, changed);
    expect(() => new SegmentLog(place, 1)).toThrow("is damaged");
    expect(readFileSync(path)).toEqual(changed);
  });
});

test("a full disk refuses an event whole; what fits is appended after that", () => {
  // The kernel reports a limit of the file's size in the same way as a full disk.
  const limited = `trap '' XFSZ; ulimit -f 64; exec "$0" "$@"`;
  const output = spawnSync("bash", ["-c", limited, process.execPath, FILLER, root], {
    encoding: "utf8",
  });
  const [code, count] = output.stdout.split(" ");
  const appended = Number(count);
  expect(code).toBe("TRADING_JOURNAL_UNAVAILABLE");
  expect(appended).toBeGreaterThan(5);
  const found = readPayloads(place, null);
  expect(found).toHaveLength(appended);
  expect(found.at(-1)).toEqual(payloadOf(appended - 1, 3));
  const journal = new SegmentLog(place, 1);
  expect([journal.nextIndex, journal.opened.torn]).toEqual([appended, []]);
  journal.close();
});

test("twenty kills of a writer at any moment lose nothing that it said it had appended", async () => {
  let next = 0;
  for (let round = 0; round < 20; round++) {
    const child = spawn(process.execPath, [WRITER, root, String(next)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    const wanted = 50 + ((round * 7_919) % 400);
    child.stdout.setEncoding("latin1");
    child.stdout.on("data", (text: string) => {
      output += text;
      if (wanted < output.length / 9) child.kill("SIGKILL");
    });
    await once(child, "close");
    const lastWritten = Number(output.slice(0, Math.floor(output.length / 9) * 9).slice(-9));
    const journal = new SegmentLog(place, 1);
    expect(journal.nextIndex).toBeGreaterThan(lastWritten);
    next = journal.nextIndex ?? 0;
    journal.close();
  }
  const found = readPayloads(place, null);
  expect(found).toHaveLength(next);
  for (const [index, payload] of found.entries()) {
    expect(payload.equals(payloadOf(index, 100 + (index % 5_000)))).toBe(true);
  }
});

test("a folder that cannot be listed is a trouble of the upkeep, and no end of it", async () => {
  mkdirSync(join(root, "journal/trading"), { recursive: true });
  writeFileSync(join(root, "journal/trading/BLUE"), "no folder");
  const configuration = Configuration.parse({});
  const upkeep = new EventLogMaintenance({ dataDir: root, configuration, say: () => {} });
  expect(await upkeep.round(0)).toBe(false);
  expect([...upkeep.troubles().values()]).toEqual([expect.stringContaining("ENOTDIR")]);
  expect(upkeep.isLevel).toBe(false);
  await upkeep.close();
});
