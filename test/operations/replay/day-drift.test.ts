/** Drift of a recorded day from real files: the trader's journal, the bridge's, and the archive. */
import { execFile } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { measureDayDrift } from "../../../src/operations/replay/day-drift.ts";
import { ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { EventLogReader } from "../../../src/adapters/event-log/event-log.ts";
import { archiveLog, archivedFile } from "../../helpers/trading/archive-of-log.ts";
import { compact } from "../../helpers/bulk-archive.ts";
import { LIVELY_BOOK } from "../../helpers/lively.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { placeIn, programOf, recordBook } from "../../helpers/trading/recorded-book.ts";
import { DOLPHIN } from "../../helpers/up.ts";

const DAY = "2026-03-25";
const NEXT = "2026-03-26";
/** Half of its scans before midnight, the last of them taken after it. */
const RECORDING = {
  startMs: Date.parse(`${NEXT}T00:00:00Z`) - 300 * 1_000 + 50,
  scans: 600,
  scanEveryMs: 1_000,
  snapshotEvery: 0,
};
const root = makeTemporaryDirectory("day-drift");
const recorded = join(root, "recorded");
let copies = 0;

beforeAll(() => {
  recordBook(recorded, RECORDING);
  const reader = new EventLogReader(placeIn(recorded), null);
  archiveLog({ archive: join(recorded, "arrow_scans"), data: recorded }, reader.poll());
  reader.close();
});
afterAll(() => removeTemporaryDirectory(root));

function copy(): string {
  const dir = join(root, `copy-${(copies += 1)}`);
  cpSync(recorded, dir, { recursive: true, preserveTimestamps: true });
  return dir;
}

function driftOf(dir: string, day: string, program = programOf()) {
  const archive = join(dir, "arrow_scans");
  const place = placeIn(dir);
  return measureDayDrift({ place, day, program, archive, dataDir: dir, onProblem() {} });
}

const NONE = { decisions: { differences: 0 }, trades: { differences: 0 }, first: [] };

test.each([
  [DAY, 299],
  [NEXT, 301],
])("%s has none, from the state that it began with", async (day, scans) => {
  const drift = await driftOf(recorded, day);
  expect(drift).toMatchObject({ measured: true, ...NONE });
  expect(drift).toMatchObject({ scans: { recorded: scans, archived: scans, unnumbered: 0 } });
  expect(drift).toMatchObject({ decisions: { compared: scans } });
});

test("a compacted day is measured without its scan files and the bridge's journal", async () => {
  const dir = copy();
  const journal = new ScanJournal(join(dir, "journal/scan-bridge.db"), { readonly: true });
  for (const day of [DAY, NEXT]) {
    await compact(join(dir, "arrow_scans"), day, { seqs: (of) => journal.pushedOfDay(of) });
    rmSync(join(dir, "arrow_scans", day), { recursive: true });
  }
  journal.close();
  rmSync(join(dir, "journal/scan-bridge.db"));
  expect(await driftOf(dir, NEXT)).toMatchObject({ measured: true, ...NONE });
});

test("a scan that is gone from the archive is a gap", async () => {
  const dir = copy();
  const asOfMs = RECORDING.startMs + 200 * RECORDING.scanEveryMs - 100;
  rmSync(join(dir, "arrow_scans", archivedFile(200, asOfMs)));
  const drift = await driftOf(dir, DAY);
  expect(drift).toMatchObject({ scans: { archived: 298 }, decisions: { causes: { gap: 1 } } });
});

test.each([
  ["of the day no segment", () => driftOf(recorded, "2026-03-20"), "is missing in"],
  [
    "another configuration ran",
    () => driftOf(recorded, DAY, programOf({ ...LIVELY_BOOK, capital: 1 })),
    "had another configuration",
  ],
  [
    "other code ran",
    () => driftOf(recorded, DAY, { ...programOf(), codeHash: "other" }),
    "had another code",
  ],
  [
    "no journal of the bridge",
    () => {
      const dir = copy();
      rmSync(join(dir, "journal/scan-bridge.db"));
      return driftOf(dir, DAY);
    },
    "has no seq for 300 scans",
  ],
])("not measured where there is %s", async (_, measure, reason) => {
  expect(await measure()).toMatchObject({
    measured: false,
    reason: expect.stringContaining(reason),
  });
});

test("the command prints it, and says by its exit status whether it was measured", async () => {
  const config = join(root, "dolphin.yaml");
  writeFileSync(config, JSON.stringify({ trader: LIVELY_BOOK }));
  const drift = async (...args: readonly string[]) => {
    const where = ["--config", config, "--data-dir", recorded];
    const archive = ["--archive", join(recorded, "arrow_scans")];
    const verb = [...where, "backtest", "drift", ...archive, ...args];
    const run = promisify(execFile)(DOLPHIN, verb).then(({ stdout }) => ({ code: 0, stdout }));
    return run.catch(({ code, stdout }) => ({ code, stdout }));
  };
  const [json, text, absent, wrong] = await Promise.all([
    drift(NEXT, "--json"),
    drift(NEXT),
    drift("2026-03-20"),
    drift("yesterday"),
  ]);
  expect(JSON.parse(json.stdout)).toEqual(await driftOf(recorded, NEXT));
  expect(text.stdout).toContain("decisions: 0 of 301 differ\n");
  expect([text.code, absent.code, wrong.code]).toEqual([0, 3, 64]);
  expect(absent.stdout).toContain("not measured: the segment 2026-03-20 of BLUE is missing");
});
