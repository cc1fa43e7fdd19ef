import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { compactedFolder } from "../../../src/adapters/archive/days/compacted-days.ts";
import { finishedDaysToCompact } from "../../../src/operations/compaction/days-to-compact.ts";
import {
  createGeneralReader,
  type GeneralReader,
  readScanFast,
  type ScanRead,
} from "../../../src/wire/arrow/read-scan.ts";
import { createScanEncoder } from "../../../src/wire/arrow-writer.ts";
import { bitsOf, compact, newArchive, rowsOf } from "../../helpers/bulk-archive.ts";
import { scanFixture, scanFixtures } from "../../helpers/arrow-scans.ts";
import { putFile, scanBytes, scanName } from "../../helpers/scan-files.ts";

const Members = z.object({
  scan_number: z.number(),
  assets: z.array(z.string()),
  assets_invalid: z.array(z.string()),
  eigenvalues: z.array(z.number()),
});
const DAY = "2026-03-25";
const NEXT_DAY = "2026-03-26";
const START_S = Date.parse(`${DAY}T08:00:00Z`) / 1_000;
let archive = "";

beforeEach(() => {
  archive = newArchive();
});
afterEach(() => rmSync(archive, { recursive: true }));

function put(file: string, bytes: Uint8Array, secondsAfter: number): void {
  putFile(archive, file, bytes, { mtimeS: START_S + secondsAfter });
}

function putScans(from: number, to: number, day = DAY): void {
  for (let at = from; at <= to; at += 1) put(`${day}/${scanName(at)}`, scanBytes(at), at);
}

/** The folder's own time is in the past, like that of a finished day. */
function settle(day = DAY): void {
  const seconds = Math.floor(Date.now() / 1_000) - 60 - Math.floor(Math.random() * 1_000_000);
  utimesSync(join(archive, day), seconds, seconds);
}

function compactedFiles(): readonly string[] {
  return readdirSync(compactedFolder(archive)).filter((name) => name.endsWith(".arrow"));
}

function onlyFile(): string {
  const [name = "", ...others] = compactedFiles();
  expect(others).toEqual([]);
  return join(compactedFolder(archive), name);
}

async function readByBridge(general: GeneralReader, bytes: Uint8Array): Promise<ScanRead> {
  const fast = readScanFast(bytes);
  return fast.kind === "needs_general" ? general.read(bytes) : fast;
}

test("what pyarrow wrote reads in bulk as the bridge reads it, per scan and compacted", async () => {
  const general = createGeneralReader({ timeoutMs: 10_000, heapMb: 128 });
  const expected = new Map<string, { readonly json: string }>();
  let second = 0;
  for (const [name] of scanFixtures()) {
    second += 1;
    const bytes = scanFixture(name);
    const file = `${DAY}/${String(second).padStart(3, "0")}-${name}.arrow`;
    put(file, bytes, second);
    const read = await readByBridge(general, bytes);
    if (read.kind !== "scan") continue;
    const isCopy = [...expected.values()].some(({ json }) => json === read.scan.json);
    if (!isCopy) expected.set(file, { json: read.scan.json });
  }
  await general.close();
  const refused: string[] = [];
  const loose = await rowsOf(archive, { onRefused: (file) => refused.push(file) });
  // Files of other bytes may hold the same scan: only those that hold one must all be there.
  expect([...expected.keys()].filter((file) => !loose.some((row) => row.file === file))).toEqual(
    [],
  );
  expect(loose.length + refused.length).toBe(second);
  for (const row of loose) {
    const json = expected.get(row.file)?.json;
    if (json === undefined) continue;
    const scan = Members.parse(JSON.parse(`{${json}}`));
    expect(row.scanNumber).toBe(scan.scan_number);
    expect([...row.assets].toSorted()).toEqual([...scan.assets, ...scan.assets_invalid].toSorted());
    expect(row.eigenvalues).toBe(bitsOf(Float64Array.from(scan.eigenvalues)));
  }
  settle();
  expect(await compact(archive, DAY)).toMatchObject({
    kind: "written",
    rows: loose.length,
    refused: refused.length,
  });
  expect(await rowsOf(archive)).toEqual(loose);
});

test("the file is named after its bytes, and a second run changes nothing", async () => {
  putScans(1, 30);
  settle();
  const written = await compact(archive, DAY);
  const path = onlyFile();
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
  expect(written).toMatchObject({ kind: "written", rows: 30, hash, file: path });
  expect(path.endsWith(`${DAY}.${hash}.arrow`)).toBe(true);
  expect(await compact(archive, DAY)).toMatchObject({ kind: "unchanged", rows: 30, hash });
});

test("the file before that a killed run left beside the new one goes with the next run", async () => {
  putScans(1, 10);
  settle();
  await compact(archive, DAY);
  const before = onlyFile();
  const bytes = readFileSync(before);
  putScans(11, 12);
  settle();
  const { hash } = z.object({ hash: z.string() }).parse(await compact(archive, DAY));
  writeFileSync(before, bytes);
  utimesSync(before, START_S, START_S);
  expect(await compact(archive, DAY)).toMatchObject({ kind: "unchanged", hash });
  expect(onlyFile()).toContain(hash);
});

test("late files are read beside the compacted file in order, and join it at the next run", async () => {
  putScans(1, 10);
  putScans(20, 30);
  settle();
  await compact(archive, DAY);
  const before = onlyFile();
  putScans(11, 19);
  const rows = await rowsOf(archive);
  expect(rows.map((row) => row.scanNumber)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
  settle();
  expect(finishedDaysToCompact(archive, Date.now())).toEqual([DAY]);
  expect(await compact(archive, DAY)).toMatchObject({ kind: "written", rows: 30 });
  expect(onlyFile()).not.toBe(before);
  expect(await rowsOf(archive)).toEqual(rows);
  expect(finishedDaysToCompact(archive, Date.now())).toEqual([]);
});

test("the universe and the number of eigenvalues may change from scan to scan", async () => {
  const universes = [["A", "B"], ["B", "A", "C"], ["A", "B"], ["X"]];
  for (let at = 1; at <= 40; at += 1) {
    const assets = universes[at % universes.length] ?? [];
    const bytes = createScanEncoder(assets)({
      scanNumber: at,
      timestampMicros: START_S * 1_000_000 + at,
      prices: Float64Array.from(assets, (_, asset) => at + asset / 7),
      eigenvalues: Float64Array.from({ length: at % 5 }, (_, value) => 9 - value),
    });
    put(`${DAY}/${scanName(at)}`, bytes, at);
  }
  const loose = await rowsOf(archive);
  expect(loose.map((row) => row.assets)).toEqual(
    Array.from({ length: 40 }, (_, at) => universes[(at + 1) % universes.length]),
  );
  settle();
  expect(await compact(archive, DAY)).toMatchObject({ kind: "written", rows: 40 });
  expect(await rowsOf(archive)).toEqual(loose);
});

test("the same bytes are one scan, in the same day and in the next", async () => {
  putScans(1, 5);
  put(`${DAY}/copy.arrow`, scanBytes(2), 60);
  put(`${NEXT_DAY}/copy.arrow`, scanBytes(3), 86_400);
  put(`${NEXT_DAY}/scan_000006.arrow`, scanBytes(6), 86_401);
  const copies: string[] = [];
  const loose = await rowsOf(archive, { onDuplicate: (file) => copies.push(file) });
  expect(loose.map((row) => row.scanNumber)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(copies).toEqual([`${DAY}/copy.arrow`, `${NEXT_DAY}/copy.arrow`]);
  settle();
  settle(NEXT_DAY);
  expect(await compact(archive, DAY)).toMatchObject({ rows: 5, duplicates: 1 });
  expect(await compact(archive, NEXT_DAY)).toMatchObject({ rows: 2, duplicates: 0 });
  expect(await rowsOf(archive)).toEqual(loose);
});

test("order is by file time, then name, across the folders of days", async () => {
  put(`${DAY}/b.arrow`, scanBytes(1), 10);
  put(`${DAY}/a.arrow`, scanBytes(2), 10);
  put(`${DAY}/late.arrow`, scanBytes(3), 90_000);
  put(`${NEXT_DAY}/first.arrow`, scanBytes(4), 86_400);
  put(`${NEXT_DAY}/last.arrow`, scanBytes(5), 90_001);
  const order = [2, 1, 4, 3, 5];
  expect((await rowsOf(archive)).map((row) => row.scanNumber)).toEqual(order);
  settle();
  await compact(archive, DAY);
  expect((await rowsOf(archive)).map((row) => row.scanNumber)).toEqual(order);
  expect((await rowsOf(archive, { from: NEXT_DAY })).map((row) => row.scanNumber)).toEqual([4, 5]);
});

test("seqs and first-seen times of the journal are kept, and added once they are known", async () => {
  putScans(1, 3);
  const seqs = () =>
    new Map([
      [`${DAY}/${scanName(1)}`, { seq: 7, timeUs: START_S * 1_000_000 + 1_000_000 }],
      // Seen before its modification time: the upstream's clock is ahead.
      [`${DAY}/${scanName(3)}`, { seq: 6, timeUs: START_S * 1_000_000 }],
    ]);
  settle();
  await compact(archive, DAY);
  expect(await compact(archive, DAY, { seqs })).toMatchObject({ kind: "written" });
  const rows = await rowsOf(archive);
  expect(rows.map((row) => [row.scanNumber, row.seq])).toEqual([
    [3, 6],
    [1, 7],
    [2, 0],
  ]);
});

test("a row outlives its scan file, also through the next compaction", async () => {
  putScans(1, 6);
  settle();
  await compact(archive, DAY);
  const rows = await rowsOf(archive);
  rmSync(join(archive, DAY, scanName(3)));
  expect(await rowsOf(archive)).toEqual(rows);
  putScans(7, 7);
  settle();
  expect(await compact(archive, DAY)).toMatchObject({ kind: "written", rows: 7 });
  expect((await rowsOf(archive)).slice(0, 6)).toEqual(rows);
});

test("whatever byte of the compacted file is damaged, the same rows are read", async () => {
  putScans(1, 60);
  settle();
  await compact(archive, DAY);
  const path = onlyFile();
  const rows = await rowsOf(archive);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 150)) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0x41;
    writeFileSync(path, damaged);
    expect(await rowsOf(archive), `byte ${at}`).toEqual(rows);
  }
  for (const length of [0, 9, 100, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, length));
    expect(await rowsOf(archive), `cut to ${length}`).toEqual(rows);
  }
  expect(await compact(archive, DAY)).toMatchObject({ kind: "written", rows: 60 });
  expect(readFileSync(onlyFile()).equals(whole)).toBe(true);
});

test("a file that may still grow is left to the readers", async () => {
  putScans(1, 3);
  const grown = scanBytes(4);
  putFile(archive, `${DAY}/growing.arrow`, grown.slice(0, 400));
  settle();
  expect(await compact(archive, DAY)).toMatchObject({ kind: "written", rows: 3 });
  writeFileSync(join(archive, DAY, "growing.arrow"), grown);
  expect((await rowsOf(archive)).map((row) => row.scanNumber)).toEqual([1, 2, 3, 4]);
});

test("a run that is told to stop leaves the file before, and nothing else", async () => {
  putScans(1, 3);
  settle();
  await compact(archive, DAY);
  const before = onlyFile();
  putScans(4, 9);
  const signal = AbortSignal.abort(new Error("told to stop"));
  await expect(compact(archive, DAY, { signal })).rejects.toThrow("told to stop");
  expect(onlyFile()).toBe(before);
  expect(readdirSync(compactedFolder(archive))).toHaveLength(1);
});

test("an empty day is said to be empty, a missing archive to be missing", async () => {
  expect(await compact(archive, DAY)).toEqual({ day: DAY, kind: "empty" });
  await expect(rowsOf(join(archive, "none"))).rejects.toThrow("does not exist");
});
