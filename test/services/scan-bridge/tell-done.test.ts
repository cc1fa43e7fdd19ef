import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { tellDone } from "../../../src/services/scan-bridge/commit/refill.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let dir = "";
let journal: ScanJournal;
beforeEach(() => {
  dir = makeTemporaryDirectory("tell-done");
  journal = new ScanJournal(join(dir, "scan-bridge.db"));
  journal.claimEpoch(1);
});
afterEach(() => {
  journal.close();
  removeTemporaryDirectory(dir);
});

function append(seqs: readonly number[]): void {
  journal.append(
    seqs.map((seq) => ({
      seq,
      epoch: 1,
      file: `2026-03-25/${seq}.arrow`,
      hash: hashOf(Buffer.from(`bytes ${seq}`)),
      scanNumber: seq,
      size: 1,
      mtimeUs: seq,
      timeUs: seq,
      late: false,
      replayed: false,
      pushedUs: seq,
    })),
  );
}

const FAR = 1_000_000_001;

test("done files are written row by row, however wide a gap in the seqs is", async () => {
  append([1, 2, 3, FAR]);
  const done: string[] = [];
  const store = {
    putDone: (entries: readonly (readonly [string, string])[]) => {
      done.push(...entries.map(([file]) => file));
      return Promise.resolve();
    },
  };
  const rest = { toSeq: FAR, rowsMax: 3 };
  const upto = await tellDone({ store, journal }, { ...rest, fromSeq: 1 });
  expect([done.length, upto]).toEqual([3, FAR - 1]);
  expect(await tellDone({ store, journal }, { ...rest, fromSeq: upto + 1 })).toBe(FAR);
  expect(done).toEqual([1, 2, 3, FAR].map((seq) => `2026-03-25/${seq}.arrow`));
});
