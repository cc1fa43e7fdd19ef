/** Replay and drift as tasks in threads of a worker. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type RecordedDayResults,
  runRecordedDayTask,
} from "../../../src/operations/replay/recorded-day-task.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { LIVELY_BOOK } from "../../helpers/lively.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { recordBook } from "../../helpers/trading/recorded-book.ts";

const DAY = "2026-03-25";
const RECORDING = {
  startMs: Date.parse(`${DAY}T06:00:00Z`),
  scans: 40,
  scanEveryMs: 1_000,
  snapshotEvery: 0,
};
let root = "";

beforeAll(() => {
  root = makeTemporaryDirectory("recorded-day-task");
  recordBook(root, RECORDING);
});
afterAll(() => removeTemporaryDirectory(root));

function runTask<K extends keyof RecordedDayResults>(
  asked: { readonly kind: K; readonly book: string; readonly settings?: object },
  signal = new AbortController().signal,
) {
  const { kind, book, settings = {} } = asked;
  const configuration = Configuration.parse({ trader: LIVELY_BOOK, data_dir: root });
  const all = { ...configuration, archive: root, ...settings };
  return runRecordedDayTask<K>({ kind, book, day: DAY, settings: all }, { signal, onProblem() {} });
}

test("a recorded day is replayed, and its drift is measured or it is said why not", async () => {
  expect(await runTask({ kind: "replay", book: "BLUE" })).toMatchObject({
    verdict: "equal",
    events: expect.any(Number),
    compared: { digests: expect.any(Number) },
    differences: 0,
  });
  expect(await runTask({ kind: "replay", book: "GREEN" })).toMatchObject({
    verdict: "not_comparable",
    reason: expect.stringContaining("no log of its own"),
  });
  const drift = await runTask({ kind: "drift", book: "BLUE" });
  expect(drift).toMatchObject({ book: "BLUE", day: DAY, measured: false });
});

test("what a task throws comes back, and one that nobody waits for any more is ended", async () => {
  const settings = { data_dir: `${root}\0` };
  await expect(runTask({ kind: "replay", book: "BLUE", settings })).rejects.toThrow("null bytes");
  const asked = new AbortController();
  const looking = runTask({ kind: "replay", book: "BLUE" }, asked.signal);
  asked.abort(new Error("nobody waits"));
  await expect(looking).rejects.toThrow("nobody waits");
});
