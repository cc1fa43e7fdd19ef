/** `dolphin indicators export`: recorded readings for notebooks, in the order in which they became known. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ReadingsStore, readingsPath } from "../../../src/adapters/indicators/readings-store.ts";
import { spawnSync } from "../../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { DOLPHIN } from "../../helpers/up.ts";

const dir = makeTemporaryDirectory("export-readings");
const DAY_MS = Date.parse("2026-03-25T00:00:00Z");
const HOUR_MS = 3_600_000;

beforeAll(() => {
  const store = new ReadingsStore(readingsPath(dir), { readonly: false });
  const about = {
    isOwn: true,
    unit: "share",
    source: "tëst, simulated",
    sourceHash: "ab",
    note: null,
  };
  const keep = (series: string, hour: number, value: number, asOfHour = hour - 1) => {
    const knownMs = DAY_MS + hour * HOUR_MS;
    const of = { series, value, asOfMs: DAY_MS + asOfHour * HOUR_MS, fetchedUs: knownMs * 1_000 };
    store.markPushed(store.record([{ ...about, ...of }], 0), knownMs * 1_000 + 7);
  };
  keep("funding.BTCUSDT", 1, 0.0001);
  keep("dvol.BTC", 2, 55.5);
  // A revision of the first, known later.
  keep("funding.BTCUSDT", 3, -0.0001, 0);
  keep("fundings.X", 4, 1);
  // Recorded, and never pushed: nobody knew it.
  store.record([{ ...about, series: "dvol.ETH", value: 1, asOfMs: DAY_MS, fetchedUs: 1 }], 0);
  store.close();
});
afterAll(() => removeTemporaryDirectory(dir));

function exported(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    DOLPHIN,
    ["--data-dir", dir, "indicators", "export", ...args],
    { encoding: "utf8" },
  );
  return { status, stderr, lines: stdout.trim().split("\n") };
}

test("CSV has a row for each reading that was pushed, revisions among them, in the order of the pushes", () => {
  const { status, lines } = exported("--from", "2026-03-25");
  expect(status).toBe(0);
  const [head, ...rows] = lines;
  expect(head).toBe("series,as_of,fetched_at,pushed_at,value,unit,source,source_hash");
  expect(rows.map((row) => row.split(",")[0])).toEqual([
    "funding.BTCUSDT",
    "dvol.BTC",
    "funding.BTCUSDT",
    "fundings.X",
  ]);
  expect(rows[0]).toBe(
    "funding.BTCUSDT,2026-03-25T00:00:00.000000+00:00,2026-03-25T01:00:00.000000+00:00," +
      "2026-03-25T01:00:00.000007+00:00," +
      '0.0001,share,"tëst, simulated",ab',
  );
});

test("names and times choose: an indicator with all its values, known from then on and before then", () => {
  const { lines } = exported("funding", "--from", "2026-03-25T02:00Z", "--to", "2026-03-25T04:00Z");
  expect(lines.slice(1).map((row) => row.split(",")[4])).toEqual(["-0.0001"]);
});

test("Arrow has the same rows, as times and numbers", () => {
  const out = join(dir, "readings.arrow");
  expect(exported("--from", "2026-03-25", "--format", "arrow", "--out", out).status).toBe(0);
  const table = tableFromIPC(readFileSync(out));
  expect(table.numRows).toBe(4);
  expect([...table.getChild("value")!]).toEqual([0.0001, 55.5, -0.0001, 1]);
  expect(Number(table.getChild("as_of")!.get(1))).toBe(DAY_MS + HOUR_MS);
});

test("where nothing was recorded it says so, and a wrong time is refused", () => {
  const empty = spawnSync(DOLPHIN, ["--data-dir", join(dir, "none"), "indicators", "export"], {
    encoding: "utf8",
  });
  expect([empty.status, empty.stdout]).toEqual([1, ""]);
  expect(empty.stderr).toContain("no reading is recorded here yet");
  expect(exported("--from", "soon").status).toBe(64);
});
