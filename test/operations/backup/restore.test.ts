/** A restored directory is all of one backup, or nothing. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { backUp } from "../../../src/operations/backup/back-up.ts";
import { restoreBackup } from "../../../src/operations/backup/restore.ts";
import { raiseFormat } from "../../../src/adapters/files/data-format.ts";
import { refuseUnusable } from "../../../src/cli/context.ts";
import { lockDirectory } from "../../../src/adapters/files/directory-lock.ts";
import { spawnSync } from "../../helpers/run-program.ts";
import { DOLPHIN } from "../../helpers/up.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const JOURNAL = join("journal", "scan-bridge.db");

/** A data directory with 100 scans, of which there is a backup, and 50 that came after it. */
async function backedUp() {
  const root = makeTemporaryDirectory("restore");
  onTestFinished(() => removeTemporaryDirectory(root));
  const [dataDir, out] = [join(root, "data"), join(root, "out")];
  mkdirSync(join(dataDir, "journal"), { recursive: true });
  writeFileSync(join(dataDir, "books.json"), "{}");
  const db = new Database(join(dataDir, JOURNAL));
  onTestFinished(() => void db.close());
  db.pragma("journal_mode = WAL");
  db.exec("CREATE TABLE scans (seq INTEGER PRIMARY KEY)");
  const push = (from: number, count: number) => {
    for (let seq = from; seq < from + count; seq += 1) {
      db.prepare("INSERT INTO scans VALUES (?)").run(seq);
    }
  };
  push(1, 100);
  const archive = join(root, "scans");
  await backUp({ dataDir, archive, out, dump: () => Promise.resolve(), nowMs: 0 });
  push(101, 50);
  return { root, dataDir, out };
}

function seqsIn(dataDir: string): unknown {
  const db = new Database(join(dataDir, JOURNAL), { readonly: true });
  try {
    return db.prepare("SELECT count(*) FROM scans").pluck().get();
  } finally {
    db.close();
  }
}

test("into folders without a file, also after a restore that was killed", async () => {
  const { root, out } = await backedUp();
  const place = join(root, "new");
  mkdirSync(join(place, ".restoring", "journal"), { recursive: true });
  mkdirSync(join(place, "temporal"));
  writeFileSync(join(place, ".restoring", "half"), "");
  expect(restoreBackup(out, place)).toMatchObject({
    files: 2,
    taken_at: "1970-01-01T00:00:00.000Z",
  });
  const names = ["books.json", "journal", "lock.db", "temporal"];
  expect(readdirSync(place).toSorted()).toEqual(names);
  expect(seqsIn(place)).toBe(100);
});

test("never beside files that are there: a write-ahead log of a crash would be applied to the restored journal", async () => {
  const { root, dataDir, out } = await backedUp();
  const crashed = join(root, "crashed");
  mkdirSync(join(crashed, "journal"), { recursive: true });
  for (const end of ["", "-wal"]) {
    copyFileSync(join(dataDir, `${JOURNAL}${end}`), join(crashed, `${JOURNAL}${end}`));
  }
  expect(() => restoreBackup(out, crashed)).toThrow("is not empty (journal/scan-bridge.db");
  // What a copy over it gives: the scans after the backup.
  copyFileSync(join(out, "data", JOURNAL), join(crashed, JOURNAL));
  expect(seqsIn(crashed)).toBe(150);
});

test("not from a backup that was not finished, nor from a part of one", async () => {
  const { root, out } = await backedUp();
  const place = join(root, "new");
  rmSync(join(out, "data", "books.json"));
  expect(() => restoreBackup(out, place)).toThrow("has 1 of 2 files");
  rmSync(join(out, "backup.json"));
  expect(() => restoreBackup(out, place)).toThrow("not finished; choose another");
  expect(existsSync(place)).toBe(false);
});

test("not beside another restore or an 'up', and nothing uses a directory until it is whole", async () => {
  const { root, out } = await backedUp();
  const place = join(root, "new");
  const lock = lockDirectory(place)!;
  mkdirSync(join(place, ".restoring"));
  writeFileSync(join(place, ".restoring", "of the other"), "");
  expect(() => restoreBackup(out, place)).toThrow("another 'dolphin restore' is at work");
  expect(readdirSync(join(place, ".restoring"))).toEqual(["of the other"]);
  const of = { dataDir: place, archive: root, out: join(root, "copy"), nowMs: 0 };
  await expect(backUp({ ...of, dump: async () => {} })).rejects.toThrow("is at work or was killed");
  expect(existsSync(of.out)).toBe(false);
  for (const verb of [["up"], ["worker", "scan"], ["watchdog"]]) {
    const { status, stderr } = spawnSync(DOLPHIN, ["--data-dir", place, ...verb], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining("run it again")]);
  }
  lock.release();
  restoreBackup(out, place);
  expect(seqsIn(place)).toBe(100);
});

test("not into an older release, which neither serves what a newer one wrote, nor touches it", async () => {
  const { root, dataDir, out } = await backedUp();
  const place = join(root, "new");
  raiseFormat(dataDir);
  expect(readFileSync(join(dataDir, "format.json"), "utf8")).toBe('{"format":1}\n');
  refuseUnusable(dataDir);
  const newer = '{"format":2,"since":"2027-01-01"}';
  for (const folder of [dataDir, join(out, "data")]) {
    writeFileSync(join(folder, "format.json"), newer);
  }
  raiseFormat(dataDir);
  expect(readFileSync(join(dataDir, "format.json"), "utf8")).toBe(newer);
  expect(() => refuseUnusable(dataDir)).toThrow(
    expect.objectContaining({
      name: "ConfigError",
      message: expect.stringContaining("run that release again, or restore a backup"),
    }),
  );
  const again = { dataDir, archive: root, out: join(root, "copy"), nowMs: 0 };
  await expect(backUp({ ...again, dump: async () => {} })).rejects.toThrow("data format 2");
  expect(() => restoreBackup(out, place)).toThrow("data format 2");
  expect(existsSync(place)).toBe(false);
});
