/** A backup of a data directory that is being written to. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { backUp } from "../../../src/operations/backup/back-up.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

function place() {
  const root = makeTemporaryDirectory("back-up");
  onTestFinished(() => removeTemporaryDirectory(root));
  const dataDir = join(root, "data");
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(dataDir, path)), { recursive: true });
    writeFileSync(join(dataDir, path), text);
  };
  return { root, dataDir, write, out: join(root, "out"), archive: join(dataDir, "arrow_scans") };
}

const nowMs = Date.UTC(2026, 10, 30);

async function idle(): Promise<void> {}

const CURSOR = "journal/trading/BLUE/told.json";
const LOG = "journal/trading/BLUE/2026-11-30.seg";

test("the outbox cursor is copied before the dump, the log after it, and a database as of one moment", async () => {
  const { dataDir, write, out, archive } = place();
  write(CURSOR, "told 1");
  write(LOG, "event 1");
  write("logs/worker.log", "a line");
  write("arrow_scans/2026-11-30/scan_1.arrow", "a scan");
  const db = new Database(join(dataDir, "journal", "scan-bridge.db"));
  onTestFinished(() => void db.close());
  db.pragma("journal_mode = WAL");
  db.exec("CREATE TABLE scans (seq INTEGER PRIMARY KEY)");
  const add = db.prepare("INSERT INTO scans VALUES (?)");
  add.run(1);
  const dump = async () => {
    // The stack continues: a trade is booked and sent, and a scan is pushed.
    write(LOG, "event 1, event 2");
    write(CURSOR, "told 2");
    write("journal/trading/BLUE/2026-12-01.seg", "event 3");
    add.run(2);
  };
  const made = await backUp({ dataDir, archive, out, dump, nowMs });
  expect(made.bySteps).toMatchObject({ told: 1, logs: 2, rest: 1 });
  const read = (path: string) => readFileSync(join(out, "data", path), "utf8");
  expect([read(CURSOR), read(LOG)]).toEqual(["told 1", "event 1, event 2"]);
  expect(existsSync(join(out, "data", "logs"))).toBe(false);
  expect(existsSync(join(out, "data", "arrow_scans"))).toBe(false);
  const copy = new Database(join(out, "data", "journal", "scan-bridge.db"), { readonly: true });
  onTestFinished(() => void copy.close());
  expect(copy.prepare("SELECT seq FROM scans").pluck().all()).toEqual([1, 2]);
});

test("a database is copied whose schema only another SQLite reads, such as Temporal's", async () => {
  const { dataDir, out, archive } = place();
  mkdirSync(join(dataDir, "temporal"), { recursive: true });
  const theirs = new DatabaseSync(join(dataDir, "temporal", "temporal.db"), {
    enableDoubleQuotedStringLiterals: true,
  });
  theirs.exec(
    'CREATE TABLE visibility (attributes TEXT, word TEXT AS (json_extract(attributes, "$.Word")))',
  );
  theirs.exec(`INSERT INTO visibility (attributes) VALUES ('{"Word":"a"}')`);
  theirs.close();
  await backUp({ dataDir, archive, out, dump: idle, nowMs });
  const copy = new DatabaseSync(join(out, "data", "temporal", "temporal.db"), {
    enableDoubleQuotedStringLiterals: true,
  });
  onTestFinished(() => copy.close());
  expect(copy.prepare("SELECT word FROM visibility").get()).toEqual({ word: "a" });
});

test("a folder that holds something, no data directory, and a dump that fails are said", async () => {
  const { root, dataDir, write, out, archive } = place();
  const dump = idle;
  await expect(backUp({ dataDir, archive, out, dump, nowMs })).rejects.toThrow(
    "there is no data directory",
  );
  write(LOG, "event 1");
  const taken = { dataDir, archive, out: dataDir, dump, nowMs };
  await expect(backUp(taken)).rejects.toThrow("is not empty: name a new folder");
  const failing = {
    dataDir,
    archive,
    out: join(root, "failed"),
    nowMs,
    dump: () => Promise.reject(new Error("no pg_dump")),
  };
  await expect(backUp(failing)).rejects.toThrow("no pg_dump; what was copied");
  expect(readdirSync(failing.out)).toEqual([]);
});

test("backups within the data directory are not copied again, a folder moved to another disk is", async () => {
  const { root, dataDir, write, archive } = place();
  write(LOG, "event 1");
  mkdirSync(join(root, "disk", "day"), { recursive: true });
  writeFileSync(join(root, "disk", "day", "moved"), "kept");
  symlinkSync(join(root, "disk"), join(dataDir, "order-books"));
  symlinkSync(dataDir, join(root, "disk", "around"));
  symlinkSync("nowhere", join(dataDir, "lost"));
  const to = (name: string) =>
    backUp({ dataDir, archive, out: join(dataDir, "backups", name), dump: idle, nowMs });
  expect((await to("1")).files).toBe(2);
  expect((await to("2")).files).toBe(2);
});
