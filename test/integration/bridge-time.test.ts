/** The bridge with clocks that are set, files out of order, and days that begin while it runs. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openScanWays, type ScanWay } from "../../src/adapters/scan-journal/way/scan-ways.ts";
import { MS_PER_DAY } from "../../src/domain/time.ts";
import { checkBooks } from "../helpers/books.ts";
import { type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { buildShiftedClock } from "../helpers/faults/shifted-clock.ts";
import { putBacklog, putFile, scanBytes, scanName } from "../helpers/scan-files.ts";

const DAY = "2026-03-25";
const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
const NO_COMPILER = "there is no C compiler here to build the clock";
let lab: Lab;
beforeAll(async () => {
  lab = await openLab("bridge-time");
});
afterEach(() => lab.stopBridges());
afterAll(() => lab.close());

test("a wall clock that is set to and fro disturbs nothing", async (context) => {
  const site = await lab.site();
  const clock = buildShiftedClock(site.dir);
  if (clock === null) return context.skip(NO_COMPILER);
  const bridge = await site.start({ env: clock.env });
  let scanNumber = 0;
  for (const shiftS of [0, HOUR_S, -HOUR_S, DAY_S, -DAY_S, untilYear(2038), 0]) {
    clock.shift(shiftS);
    const from = bridge.beats.length;
    for (let each = 0; each < 3; each++) {
      scanNumber += 1;
      // The writer's clock is right all the time.
      putFile(site.archive, `${DAY}/${scanName(scanNumber)}`, scanBytes(scanNumber));
      await site.journaled(scanNumber);
    }
    await until("a beat under the new clock", () => from < bridge.beats.length);
    // Far less than what the clock was set by.
    const ages = bridge.beats.slice(from).map(({ facts }) => facts?.inputs[0]?.ageS ?? 0);
    expect(Math.max(...ages)).toBeLessThan(HOUR_S / 2);
    await until("latest has the newest", async () => {
      return (await lab.cluster.latest())?.scan_number === scanNumber;
    });
  }
  const { scans } = await checkBooks(site, lab.cluster);
  // Numbers went up: whatever the clock said, the writer's order is the order.
  expect(scans.map(({ scanNumber: number }) => number)).toEqual(scans.map(({ seq }) => seq));
  expect(scans.filter(({ late }) => late)).toEqual([]);
  expect(new Set(bridge.beats.map(({ state }) => state))).not.toContain("archive hung");
  expect(bridge.isGone()).toBe(false);
});

test("a pushed scan's row contains when its file was seen and decoded, live and of a backlog", async () => {
  const site = await lab.site();
  const put = (scanNumber: number) =>
    putFile(site.archive, `${DAY}/${scanName(scanNumber)}`, scanBytes(scanNumber));
  put(1);
  await site.start();
  await site.journaled(1);
  put(2);
  const ways = await until("the times of both scans", () => waysOf(site));
  expect(ways.map(({ seq }) => seq)).toEqual([1, 2]);
  for (const { way, pushedUs } of ways) {
    expect(way!.seenUs).toBeLessThanOrEqual(way!.decodedUs);
    expect(way!.decodedUs).toBeLessThanOrEqual(pushedUs);
  }
});

/** Null before both are in the database with their times. */
function waysOf(site: Site): readonly ScanWay[] | null {
  const ways = openScanWays(join(site.data, "journal", "scan-bridge.db"));
  try {
    const found = ways === null ? [] : [...ways.from(1)].filter(({ way }) => way !== null);
    return found.length === 2 ? found : null;
  } finally {
    ways?.close();
  }
}

type Row = readonly [what: string, mtimeS: number, scanNumber: number, late: boolean];

test.each<[string, readonly Row[]]>([
  [
    "out of order",
    [
      ["newest", 1_000_300, 3, false],
      ["older by name and number", 1_000_100, 1, true],
      ["older, but its number is above", 1_000_200, 4, false],
      ["order goes on from there", 1_000_250, 2, false],
      ["older again", 1_000_240, 2, true],
    ],
  ],
  [
    "at the same time: then by name",
    [
      ["b", 1_000_400, 10, false],
      ["c", 1_000_400, 9, false],
      ["a", 1_000_400, 9, true],
      ["aa", 1_000_400, 11, false],
    ],
  ],
  [
    "ten minutes ahead and back: the Windows clock is set",
    [
      ["right", 1_001_000, 100, false],
      ["ahead", 1_001_600, 101, false],
      ["back", 1_001_005, 102, false],
      ["goes on", 1_001_010, 103, false],
      ["an old one restored", 1_000_500, 50, true],
    ],
  ],
  [
    "that no clock should say",
    [
      ["before 1970", -86_400, 1_000, false],
      ["1970", 0, 1_001, false],
      ["2099 counts as first seen", 4_070_908_800, 1_002, false],
      ["2300 too", 10_413_792_000, 1_003, false],
      ["so a right one after them is live", Date.now() / 1_000 + 3_600, 1_004, false],
      ["and 1970 again, with an old number, is late", 0, 5, true],
    ],
  ],
])("mtimes %s", async (_what, rows) => {
  const site = await lab.site();
  await site.start();
  for (const [at, [what, mtimeS, scanNumber]] of rows.entries()) {
    putFile(site.archive, `${DAY}/${what}.arrow`, scanBytes(scanNumber, at + 1), { mtimeS });
    await site.journaled(at + 1);
  }
  const { scans } = await checkBooks(site, lab.cluster);
  expect(scans.map(({ file, late }) => [file, late])).toEqual(
    rows.map(([what, , , late]) => [`${DAY}/${what}.arrow`, late]),
  );
  const values = (await lab.cluster.ring()).map(({ late }) => late);
  expect(values).toEqual(rows.map(([, , , late]) => late));
});

test("scans of a writer whose clock is ahead, found by one listing, keep their order", async () => {
  const site = await lab.site();
  const lastS = Date.now() / 1_000 + 600;
  putBacklog(site.archive, DAY, { from: 1, to: 50, lastS });
  await site.start({ yaml: ["scan_bridge: { watch: poll, reconcile_s: 1 }"] });
  await site.journaled(50);
  const { scans } = await checkBooks(site, lab.cluster);
  expect(scans.map(({ scanNumber }) => scanNumber)).toEqual(scans.map(({ seq }) => seq));
  expect(scans.filter(({ late }) => late)).toEqual([]);
});

test("how far the writer's clock is off is reported", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  await bridge.beatWhere("it runs", ({ state }) => state !== "starting");
  for (let scanNumber = 1; scanNumber <= 3; scanNumber++) {
    const mtimeS = Date.now() / 1_000 + 600;
    putFile(site.archive, `${DAY}/${scanName(scanNumber)}`, scanBytes(scanNumber), { mtimeS });
    await site.journaled(scanNumber);
  }
  const { counters } = await bridge.beatWhere(
    "three scans",
    (beat) => beat.counters["last_seq"] === 3,
  );
  // Less what passed between writing and reading.
  expect(Number(counters["writer_clock_offset_ms"])).toBeLessThan(-300_000);
  expect(Number(counters["writer_clock_offset_ms"])).toBeGreaterThan(-601_000);
});

test.for([
  ["over midnight, in New York", "America/New_York", "2026-03-25T23:59:58Z"],
  ["over the year's end, in Auckland", "Pacific/Auckland", "2026-12-31T23:59:58Z"],
  ["into summer time, in Berlin", "Europe/Berlin", "2026-03-29T00:59:58Z"],
  ["out of summer time, in Berlin", "Europe/Berlin", "2026-10-25T00:59:58Z"],
  ["over a leap day's end", "UTC", "2028-02-29T23:59:58Z"],
] as const)("scans %s are reported once, in UTC", async ([_what, zone, start], context) => {
  const site = await lab.site();
  const clock = buildShiftedClock(site.dir);
  if (clock === null) return context.skip(NO_COMPILER);
  clock.shift(shiftTo(Date.parse(start) - 60_000));
  const bridge = await site.start({ env: { ...clock.env, TZ: zone } });
  // Once it is ready, or a busy machine would be past midnight before the first scan.
  const shiftS = shiftTo(Date.parse(start));
  clock.shift(shiftS);
  const now = () => Date.now() + shiftS * 1_000;
  const endMs = Date.parse(start) + 3_000;
  let scanNumber = 0;
  let putMs = 0;
  do {
    scanNumber += 1;
    putMs = now();
    const day = new Date(putMs).toISOString().slice(0, 10);
    const scan = { mtimeS: putMs / 1_000 };
    putFile(site.archive, `${day}/${scanName(scanNumber)}`, scanBytes(scanNumber), scan);
    await site.journaled(scanNumber);
  } while (putMs < endMs);
  const { scans } = await checkBooks(site, lab.cluster);
  expect(scans.map(({ late }) => late)).toEqual(scans.map(() => false));
  expect(scans).toHaveLength(scanNumber);
  const latest = await lab.cluster.latest();
  const publishedMs = Date.parse(String(latest?.bridge_ts));
  // Between the moment when it was put and this one.
  expect(publishedMs).toBeGreaterThan(putMs - 1_000);
  expect(publishedMs).toBeLessThan(now() + 1_000);
  expect(latest?.bridge_ts).toMatch(/\+00:00$/);
  expect(bridge.isGone()).toBe(false);
});

/** Seconds by which a clock is set, for it to say this now. */
function shiftTo(ms: number): number {
  return Math.round((ms - Date.now()) / 1_000);
}

function untilYear(year: number): number {
  return Math.round((Date.UTC(year, 0, 20) - Date.now() + MS_PER_DAY) / 1_000);
}
