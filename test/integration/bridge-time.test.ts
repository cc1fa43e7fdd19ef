/** The bridge with clocks that are set, files out of order, and days that begin while it runs. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { MS_PER_DAY } from "../../src/domain/time.ts";
import { checkBooks } from "../helpers/books.ts";
import { type Lab, openLab, until } from "../helpers/bridge.ts";
import { buildShiftedClock } from "../helpers/faults/shifted-clock.ts";
import { putFile, scanBytes, scanName } from "../helpers/scan-files.ts";

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
      await site.journaled(scanNumber, 5_000);
    }
    await until("a beat under the new clock", () => from < bridge.beats.length);
    const ages = bridge.beats.slice(from).map(({ facts }) => facts?.newestDataAgeS ?? 0);
    expect(Math.max(...ages)).toBeLessThan(10);
    const sample = await lab.cluster.latest();
    expect(sample?.scan_number).toBe(scanNumber);
  }
  const { scans } = await checkBooks(site, lab.cluster);
  // Numbers went up: whatever the clock said, the writer's order is the order.
  expect(scans.map(({ scanNumber: number }) => number)).toEqual(scans.map(({ seq }) => seq));
  expect(scans.filter(({ late }) => late)).toEqual([]);
  expect(new Set(bridge.beats.map(({ state }) => state))).not.toContain("archive hung");
  expect(bridge.isGone()).toBe(false);
});

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

test("how far the writer's clock is off is told", async () => {
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
  expect(Number(counters["writer_clock_offset_ms"])).toBeLessThan(-590_000);
  expect(Number(counters["writer_clock_offset_ms"])).toBeGreaterThan(-610_000);
});

test.for([
  ["over midnight, in New York", "America/New_York", "2026-03-25T23:59:58Z"],
  ["over the year's end, in Auckland", "Pacific/Auckland", "2026-12-31T23:59:58Z"],
  ["into summer time, in Berlin", "Europe/Berlin", "2026-03-29T00:59:58Z"],
  ["out of summer time, in Berlin", "Europe/Berlin", "2026-10-25T00:59:58Z"],
  ["over a leap day's end", "UTC", "2028-02-29T23:59:58Z"],
] as const)("scans %s are told once, in UTC", async ([_what, zone, start], context) => {
  const site = await lab.site();
  const clock = buildShiftedClock(site.dir);
  if (clock === null) return context.skip(NO_COMPILER);
  const shiftS = Math.round((Date.parse(start) - Date.now()) / 1_000);
  clock.shift(shiftS);
  const bridge = await site.start({ env: { ...clock.env, TZ: zone } });
  const now = () => Date.now() + shiftS * 1_000;
  const endMs = Date.parse(start) + 3_000;
  let scanNumber = 0;
  while (now() < endMs) {
    scanNumber += 1;
    const day = new Date(now()).toISOString().slice(0, 10);
    const mtimeS = now() / 1_000;
    putFile(site.archive, `${day}/${scanName(scanNumber)}`, scanBytes(scanNumber), { mtimeS });
    await site.journaled(scanNumber);
  }
  const { scans } = await checkBooks(site, lab.cluster);
  expect(scans.map(({ late }) => late)).toEqual(scans.map(() => false));
  expect(scans).toHaveLength(scanNumber);
  const latest = await lab.cluster.latest();
  const toldMs = Date.parse(String(latest?.bridge_ts));
  expect(Math.abs(toldMs - now())).toBeLessThan(10_000);
  expect(latest?.bridge_ts).toMatch(/\+00:00$/);
  expect(bridge.isGone()).toBe(false);
});

function untilYear(year: number): number {
  return Math.round((Date.UTC(year, 0, 20) - Date.now() + MS_PER_DAY) / 1_000);
}
