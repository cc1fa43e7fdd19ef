/** A bridge whose journal exceeds its retention: what is deleted is never pushed again. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type JournalScan, ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { hashOf } from "../../src/wire/scan-hash.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { putFile, scanBytes } from "../helpers/scan-files.ts";

const OLD = "2026-01-01";
const NEW = "2026-03-24";
const OLD_ROWS = 20;
const ROWS = 2_100;
let lab: Lab;
beforeAll(async () => {
  lab = await openLab("bridge-retention");
});
afterEach(() => lab.stopBridges());
afterAll(() => lab.close());

function row(seq: number): JournalScan {
  // The newest seven days stay in any case: the old one is to be none of them.
  const recent = seq < OLD_ROWS + 7 ? `2026-03-${17 + seq - OLD_ROWS}` : NEW;
  const day = seq <= OLD_ROWS ? OLD : recent;
  const us = Date.parse(`${day}T12:00:00Z`) * 1_000 + seq;
  const times = { mtimeUs: us, timeUs: us, pushedUs: us };
  const hash = hashOf(seq <= OLD_ROWS ? scanBytes(seq) : Buffer.from(`gone ${seq}`));
  const file = `${day}/${seq}.arrow`;
  const marks = { epoch: 1, size: 2_000, late: false, replayed: false };
  return { ...times, ...marks, seq, file, hash, scanNumber: seq };
}

test("a day that goes from the journal is not pushed again, under its names or under others", async () => {
  const site = await lab.site();
  mkdirSync(dirname(site.journalFile), { recursive: true });
  const before = new ScanJournal(site.journalFile);
  before.claimEpoch(1);
  before.append(Array.from({ length: ROWS }, (_, at) => row(at + 1)));
  before.setMeta("first_day", OLD);
  before.close();
  for (let seq = 1; seq <= OLD_ROWS; seq++) putFile(site.archive, row(seq).file, scanBytes(seq));
  // The newest folder is listed at once, and the old files there would be found anew.
  mkdirSync(join(site.archive, NEW));
  const bridge = await site.start({ yaml: ["scan_bridge: { reconcile_s: 0.3, keep_days: 7 }"] });
  await until("the old scans are gone", () => site.readJournal((it) => it.scan(OLD_ROWS) === null));
  putFile(site.archive, `${OLD}/never-seen.arrow`, scanBytes(500));
  putFile(site.archive, `${NEW}/copy.arrow`, scanBytes(7));
  putFile(site.archive, `${NEW}/new.arrow`, scanBytes(501));
  await site.journaled(ROWS + 1);
  await until("the copy is judged", () => site.verdict(`${NEW}/copy.arrow`));
  expect(site.verdict(`${NEW}/copy.arrow`)).toEqual({ kind: "duplicate", seq: 7 });
  expect(site.verdict(`${NEW}/new.arrow`)).toEqual({ kind: "pushed", seq: ROWS + 1 });
  // The next bridge lists every day that counts before it rests.
  await bridge.stop();
  await site.start({ yaml: ["scan_bridge: { reconcile_s: 0.3, keep_days: 7 }"] });
  putFile(site.archive, `${NEW}/newer.arrow`, scanBytes(502));
  await site.journaled(ROWS + 2);
  expect(site.lastSeq()).toBe(ROWS + 2);
  expect(site.verdict(row(7).file)).toBeNull();
  expect(site.verdict(`${OLD}/never-seen.arrow`)).toBeNull();
  const proved = () => site.readJournal((it) => it.meta("proved_day"));
  await until("the first day that is whole is noted", () => proved() === "2026-03-17");
});
