import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { crc32c } from "../../../src/adapters/event-log/segments/crc32c.ts";
import { cutLog } from "../../../src/adapters/event-log/truncate-segments.ts";
import { bookFolder } from "../../../src/adapters/event-log/segments/segment-files.ts";
import { SegmentLogReader } from "../../../src/adapters/event-log/segment-log-reader.ts";
import { syncPeriodically, SegmentLog } from "../../../src/adapters/event-log/segment-log.ts";
import { codeOf } from "../../../src/domain/failure.ts";
import { until } from "../../helpers/processes.ts";
import { spawnSync } from "../../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { DAY, payloadOf, payloadsOf, readPayloads, writeDay } from "../../helpers/event-log.ts";

let root = "";
let place = { root, book: "BLUE" };
let open: { close(): void }[] = [];
beforeEach(() => {
  root = makeTemporaryDirectory("trading-journal");
  place = { root, book: "BLUE" };
  open = [];
});
afterEach(() => {
  for (const one of open) one.close();
  removeTemporaryDirectory(root);
});

const segment = (day = DAY) => join(root, "BLUE", `${day}.seg`);
const settled = () => Date.now() - statSync(join(root, "BLUE")).ctimeMs > 2_200;
const payloads = (count: number, bytes = 40) =>
  Array.from({ length: count }, (_, at) => payloadOf(at, bytes));

function openJournal(epoch = 1): SegmentLog {
  const journal = new SegmentLog(place, epoch);
  open.push(journal);
  return journal;
}

function errorOf(act: () => unknown): { readonly code: string | undefined; readonly text: string } {
  try {
    act();
  } catch (error) {
    return { code: codeOf(error), text: String(error) };
  }
  return { code: undefined, text: "" };
}

function checkGarbage(whole: Buffer, garbage: Uint8Array): void {
  const journal = new SegmentLog(place, 1);
  expect(journal.opened.torn).toEqual([
    { path: segment(), keptBytes: whole.length, cutBytes: garbage.length },
  ]);
  journal.close();
  expect(readFileSync(segment())).toEqual(whole);
}

function checkRefused(): void {
  expect(errorOf(() => new SegmentLog(place, 1)).code).toBe("TRADING_JOURNAL_DAMAGED");
}

/** Neither read nor written nor changed, and the error names the file. */
function checkDamaged(changed: Buffer): void {
  const { code, text } = errorOf(() => readPayloads(place, null));
  expect(code).toBe("TRADING_JOURNAL_DAMAGED");
  expect(text).toContain(segment());
  expect(errorOf(() => new SegmentLog(place, 1)).code).toBe(code);
  expect(readFileSync(segment())).toEqual(changed);
}

function checkTorn(keptBytes: number): void {
  expect(errorOf(() => readPayloads(place, null)).code).toBeUndefined();
  const journal = new SegmentLog(place, 1);
  expect(journal.opened.torn).toEqual([{ path: segment(), keptBytes, cutBytes: 64 }]);
  journal.close();
}

describe("what is appended", () => {
  test("is read back, whatever it is, from any index, across days and openings", () => {
    const run = fc.record({
      first: fc.constantFrom(0, 1, 4_294_967_290, 2 ** 50),
      days: fc.array(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 }), {
        minLength: 1,
        maxLength: 4,
      }),
      from: fc.nat(50),
    });
    fc.assert(
      fc.property(run, ({ first, days, from }) => {
        rmSync(root, { recursive: true, force: true });
        let index = first;
        for (const [at, written] of days.entries()) {
          writeDay(place, { day: `2026-03-${10 + at}`, from: index, payloads: written });
          index += written.length;
        }
        const all = days.flat().map((payload) => Buffer.from(payload));
        expect(readPayloads(place, null)).toEqual(all);
        const skipped = Math.min(from, all.length);
        expect(readPayloads(place, first + skipped)).toEqual(all.slice(skipped));
      }),
      { numRuns: 40 },
    );
  });

  test("is read while it is written, over midnight, each once", () => {
    const journal = openJournal();
    const reader = new SegmentLogReader(place, null);
    open.push(reader);
    const seen: Buffer[] = [];
    const all = payloads(400, 3_000);
    for (const [index, payload] of all.entries()) {
      if (index % 150 === 0) journal.rollTo(`2026-03-${25 + index / 150}`);
      journal.append(index, payload);
      if (index % 7 === 0) seen.push(...payloadsOf(reader));
    }
    seen.push(...payloadsOf(reader));
    expect(seen).toEqual(all);
    expect(readdirSync(join(root, "BLUE")).filter((name) => name.endsWith(".seg"))).toHaveLength(3);
  });

  test("is read on in a day that was half created when the reader looked, however long ago", async () => {
    writeDay(place, { day: "2026-03-10", from: 0, payloads: payloads(2) });
    writeDay(place, { day: "2026-03-11", from: 2, payloads: payloads(1) });
    const second = segment("2026-03-11");
    const whole = readFileSync(second);
    writeFileSync(second, "");
    const reader = new SegmentLogReader(place, null);
    open.push(reader);
    const read = () => [...reader.poll()].filter(({ kind }) => kind === "event").length;
    expect(read()).toBe(2);
    await until(settled, { ms: 10_000, tell: () => "the folder" });
    expect(read()).toBe(0);
    // The folder itself is not changed by this.
    writeFileSync(second, whole);
    expect(read()).toBe(1);
    await until(settled, { ms: 10_000, tell: () => "the folder" });
    expect(read()).toBe(0);
    writeDay(place, { day: "2026-03-12", from: 3, payloads: payloads(3) });
    expect(read()).toBe(3);
  });

  test("may be larger than any chunk, and has a limit", () => {
    const journal = openJournal();
    journal.rollTo(DAY);
    const large = payloadOf(1, 1_000_000);
    journal.append(0, large);
    journal.append(1, Buffer.of(1));
    expect(() => journal.append(2, Buffer.alloc(9_000_000))).toThrow("limit of a record");
    journal.append(2, large);
    expect(readPayloads(place, null)).toEqual([large, Buffer.of(1), large]);
  });

  test("follows by index, or is refused", () => {
    const journal = openJournal();
    journal.rollTo(DAY);
    journal.append(7, Buffer.of(7));
    expect(errorOf(() => journal.append(7, Buffer.of(7))).code).toBe("TRADING_JOURNAL_INDEX");
    expect(errorOf(() => journal.append(9, Buffer.of(9))).code).toBe("TRADING_JOURNAL_INDEX");
    journal.append(8, Buffer.of(8));
    expect(journal.rollTo("2026-03-24")).toBe(false);
    expect(journal.nextIndex).toBe(9);
    expect(readPayloads(place, null)).toHaveLength(2);
  });

  test("can be made durable, at once or aside", async () => {
    const journal = openJournal();
    journal.rollTo(DAY);
    journal.append(0, Buffer.of(1));
    expect(journal.isSynced).toBe(false);
    journal.sync();
    expect(journal.isSynced).toBe(true);
    journal.append(1, Buffer.of(1));
    const syncing = journal.syncAside();
    journal.append(2, Buffer.of(1));
    await syncing;
    expect(journal.isSynced).toBe(false);
    await journal.syncAside();
    expect(journal.isSynced).toBe(true);
  });

  test("is synced periodically where that is requested", async () => {
    const journal = openJournal();
    journal.rollTo(DAY);
    const errors: unknown[] = [];
    const syncing = syncPeriodically(journal, { periodMs: 5, onError: (e) => errors.push(e) });
    for (let index = 0; index < 5; index++) {
      journal.append(index, Buffer.of(index));
      expect(journal.isSynced).toBe(false);
      await until(() => journal.isSynced, { ms: 10_000, tell: () => "not synced" });
    }
    syncing.stop();
    expect(errors).toEqual([]);
  });

  test("belongs to one writer a book", () => {
    openJournal();
    expect(errorOf(() => new SegmentLog(place, 1)).code).toBe("TRADING_JOURNAL_LOCKED");
    open.push(new SegmentLog({ root, book: "GREEN" }, 1));
    open.shift()?.close();
    openJournal();
  });

  test("carries the writer's epoch, and a lower one is refused", () => {
    const journal = openJournal(4);
    journal.rollTo(DAY);
    journal.append(0, Buffer.of(1));
    open.pop()?.close();
    expect(errorOf(() => new SegmentLog(place, 3)).code).toBe("TRADING_JOURNAL_FENCED");
    openJournal(5).append(1, Buffer.of(2));
    const reader = new SegmentLogReader(place, null);
    open.push(reader);
    expect([...reader.poll()].map(({ epoch }) => epoch)).toEqual([4, 5]);
  });
});

describe("a torn end", () => {
  test("of any length is cut and reported; what precedes it stays, and the log continues", () => {
    writeDay(place, { day: DAY, from: 3, payloads: payloads(6) });
    const whole = readFileSync(segment());
    const starts = Array.from({ length: 7 }, (_, at) => 64 + at * 64);
    for (let size = 0; size < whole.length; size++) {
      writeFileSync(segment(), whole.subarray(0, size));
      const kept = starts.filter((start) => start <= size).length - 1;
      expect(readPayloads(place, null)).toEqual(payloads(6).slice(0, Math.max(0, kept)));
      const journal = new SegmentLog(place, 1);
      const keptBytes = kept < 0 ? 0 : starts[kept]!;
      const torn = { path: segment(), keptBytes, cutBytes: size - keptBytes };
      const isClean = kept >= 0 && size === keptBytes;
      expect(journal.opened.torn).toEqual(isClean ? [] : [torn]);
      expect(journal.nextIndex).toBe(kept < 0 ? null : 3 + kept);
      journal.rollTo(DAY);
      journal.append(3 + Math.max(0, kept), Buffer.of(9));
      journal.close();
      expect(readPayloads(place, null).at(-1)).toEqual(Buffer.of(9));
    }
  });

  test("may be any garbage, zeros and copies of earlier records included", () => {
    writeDay(place, { day: DAY, from: 0, payloads: payloads(5) });
    const whole = readFileSync(segment());
    const garbage = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 5_000 }),
      fc.integer({ min: 1, max: 20_000 }).map((bytes) => new Uint8Array(bytes)),
      fc.integer({ min: 65, max: whole.length - 1 }).map((from) => whole.subarray(64, from)),
    );
    fc.assert(
      fc.property(garbage, (bytes) => {
        writeFileSync(segment(), whole);
        appendFileSync(segment(), bytes);
        // An intact record with an index that already exists is not a torn write.
        const isRecord = whole.subarray(64, 128).equals(bytes.subarray(0, 64));
        if (isRecord) checkRefused();
        else checkGarbage(whole, bytes);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a changed bit", () => {
  test("anywhere is found: damage before the last record, a cut within it", () => {
    writeDay(place, { day: DAY, from: 0, payloads: payloads(8) });
    const whole = readFileSync(segment());
    const lastAt = whole.length - 64;
    fc.assert(
      fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
        const changed = Buffer.from(whole);
        changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
        writeFileSync(segment(), changed);
        if (bit >> 3 < lastAt) checkDamaged(changed);
        else checkTorn(lastAt);
      }),
      { numRuns: 200 },
    );
  });

  test("in an older day, or its end missing, is damage too", () => {
    writeDay(place, { day: "2026-03-24", from: 0, payloads: payloads(3) });
    writeDay(place, { day: DAY, from: 3, payloads: payloads(3) });
    truncateSync(segment("2026-03-24"), statSync(segment("2026-03-24")).size - 1);
    const { code, text } = errorOf(() => readPayloads(place, null));
    expect(code).toBe("TRADING_JOURNAL_DAMAGED");
    expect(text).toContain("later days follow");
  });

  test("is given up on purpose only, and set aside", () => {
    writeDay(place, { day: "2026-03-24", from: 0, payloads: payloads(5) });
    writeDay(place, { day: DAY, from: 5, payloads: payloads(3) });
    const changed = readFileSync(segment("2026-03-24"));
    changed[64 + 2 * 64 + 30]! ^= 1;
    writeFileSync(segment("2026-03-24"), changed);
    const aside = cutLog(bookFolder(place.root, place.book), Infinity, "7");
    expect(aside).toEqual([`${segment("2026-03-24")}.given-up-7`, `${segment()}.given-up-7`]);
    expect(aside.every((path) => existsSync(path))).toBe(true);
    expect(readPayloads(place, null)).toEqual(payloads(2));
    const journal = openJournal();
    expect([journal.nextIndex, journal.opened.torn]).toEqual([2, []]);
  });
});

describe("a place", () => {
  test("without a day between two is reported", () => {
    writeDay(place, { day: "2026-03-23", from: 0, payloads: payloads(2) });
    writeDay(place, { day: "2026-03-24", from: 2, payloads: payloads(2) });
    writeDay(place, { day: DAY, from: 4, payloads: payloads(2) });
    rmSync(segment("2026-03-24"));
    expect(errorOf(() => readPayloads(place, 0)).text).toContain("a day between them is missing");
    expect(readPayloads(place, 4)).toHaveLength(2);
    rmSync(segment("2026-03-23"));
    expect(errorOf(() => readPayloads(place, 1)).code).toBe("TRADING_JOURNAL_GONE");
  });

  test("with a file of another book or day is reported", () => {
    writeDay(place, { day: DAY, from: 0, payloads: payloads(2) });
    mkdirSync(join(root, "GREEN"));
    copyFileSync(segment(), join(root, "GREEN", `${DAY}.seg`));
    const green = { root, book: "GREEN" };
    expect(errorOf(() => readPayloads(green, null)).text).toContain("wrong folder");
    expect(errorOf(() => new SegmentLog(green, 1)).text).toContain("wrong folder");
  });

  // A record that this release does not know is no torn end, and a longer header no half created file.
  test.each(["a version", "a longer header", "a kind of record", "a kind of definition"])(
    "whose file has %s of a later release is refused and not touched",
    (what) => {
      writeDay(place, { day: DAY, from: 0, payloads: payloads(2) });
      const bytes = readFileSync(segment());
      const last = bytes.length - 24 - 40;
      if (what.startsWith("a kind")) {
        bytes.writeUInt32LE(what.endsWith("record") ? 2 : 255, last + 20);
        bytes.writeUInt32LE(crc32c(bytes, last + 4, bytes.length), last);
      } else {
        const headerBytes = what === "a version" ? 64 : 128;
        bytes.fill(0xaa, 64);
        bytes.writeUInt16LE(99, 8);
        bytes.writeUInt16LE(headerBytes, 10);
        bytes.writeUInt32LE(crc32c(bytes, 0, headerBytes - 4), headerBytes - 4);
      }
      writeFileSync(segment(), bytes);
      for (const read of [() => new SegmentLog(place, 1), () => readPayloads(place, null)]) {
        expect(errorOf(read)).toMatchObject({
          code: "TRADING_JOURNAL_VERSION",
          text: expect.stringContaining("run the newer release that wrote it, or restore a backup"),
        });
      }
      expect(readFileSync(segment())).toEqual(bytes);
    },
  );
});

test("in one write keeps what was whole when the disk became full: a reader may have seen it", () => {
  const script = fileURLToPath(new URL("../../helpers/full-file-process.ts", import.meta.url));
  // Files of this process end at 16 blocks of 512 bytes: a header, and six records of a kilobyte and more.
  const limited = `trap '' XFSZ; ulimit -f 16; exec "$0" "$@"`;
  const ran = spawnSync("sh", ["-c", limited, process.execPath, script, root], {
    encoding: "utf8",
  });
  expect(ran.stderr).toBe("");
  const { appended, again, next } = JSON.parse(ran.stdout);
  expect(appended).toBeGreaterThan(0);
  expect(appended).toBeLessThan(10);
  expect(again).toBe("TRADING_JOURNAL_UNAVAILABLE");
  expect(next).toBe(appended);
  expect(readPayloads(place, null)).toHaveLength(appended);
  const journal = openJournal(2);
  journal.append(appended, Buffer.from("goes on"));
  expect(readPayloads(place, null)).toHaveLength(appended + 1);
});
