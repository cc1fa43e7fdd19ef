/** A recorded day gives the same result when it is run again, and a later change is found at its place. */
import {
  appendFileSync,
  cpSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replayDay } from "../../../src/operations/replay/replay-day.ts";
import type { TraderEvent } from "../../../src/domain/trading/events.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { placeIn, programOf, recordBook, reencode } from "../../helpers/trading/recorded-book.ts";
import { LIVELY_BOOK } from "../../helpers/lively.ts";

const DAY = "2026-03-25";
const NEXT = "2026-03-26";
/** Half of its scans before midnight. */
const RECORDING = {
  startMs: Date.parse(`${NEXT}T00:00:00Z`) - 300 * 1_000,
  scans: 600,
  scanEveryMs: 1_000,
  snapshotEvery: 130,
};
/** How far the writer's clock is off. */
const offAt = (count: number) => (count < 60 || 170 <= count ? 0 : count < 110 ? 45_000 : 1e5);
let root = "";
let recorded = "";
let trades = 0;
let copies = 0;

beforeAll(() => {
  root = makeTemporaryDirectory("replay");
  recorded = join(root, "recorded");
  trades = recordBook(recorded, RECORDING);
});
afterAll(() => removeTemporaryDirectory(root));

function copy(): string {
  const dir = join(root, `copy-${(copies += 1)}`);
  cpSync(recorded, dir, { recursive: true });
  return dir;
}

/** A copy of the recording whose events were changed, with checksums that are right. */
function tampered(change: (event: TraderEvent) => TraderEvent): string {
  const dir = copy();
  const fresh = join(root, `fresh-${copies}`);
  reencode(placeIn(dir), placeIn(fresh), change);
  for (const day of [DAY, NEXT]) {
    cpSync(
      join(placeIn(fresh).root, "BLUE", `${day}.seg`),
      join(placeIn(dir).root, "BLUE", `${day}.seg`),
    );
  }
  return dir;
}

function compared(dir: string, day: string, program = programOf()) {
  const replay = replayDay(placeIn(dir), day, program);
  if (replay.verdict === "not_comparable") throw new Error(replay.reason);
  return replay;
}

function reasonOf(dir: string, day: string, program = programOf()): string {
  const replay = replayDay(placeIn(dir), day, program);
  return replay.verdict === "not_comparable" ? replay.reason : replay.verdict;
}

describe("a day as it was recorded", () => {
  test("is equal from the log's beginning, every step, trade and fill of it", () => {
    const { verdict, snapshotIndex, outcome } = compared(recorded, DAY);
    expect([verdict, snapshotIndex, outcome.differences]).toEqual(["equal", 0, 0]);
    expect(outcome.decisions).toBeGreaterThan(290);
    expect(outcome.undigested).toBe(0);
    expect(outcome.compared.trades).toBe(outcome.trades);
    expect(outcome.broker.compared).toBeGreaterThan(2 * outcome.trades);
    expect(outcome.trades).toBeGreaterThan(10);
  });

  test("is equal though its clock was wrong and an asset was gone for good", () => {
    const dir = join(root, "faults");
    const settings = { ...LIVELY_BOOK, delisted_after_s: 20 };
    recordBook(dir, {
      ...RECORDING,
      settings,
      startMs: Date.parse(`${DAY}T06:00:00Z`),
      scans: 260,
      fault: (count) => ({ offMs: offAt(count), assets: 200 <= count ? 1 : 4 }),
    });
    const { verdict, outcome } = compared(dir, DAY, programOf(settings));
    expect([verdict, outcome.differences]).toEqual(["equal", 0]);
    expect(outcome.compared.snapshots).toBeGreaterThan(0);
    const journaled = readFileSync(join(placeIn(dir).root, "BLUE", "trades.jsonl"), "utf8");
    expect(journaled.match(/"exitReason":"delisted"/g)).toHaveLength(1);
  });

  test("is equal on the day after, from what the day before left, snapshots included", () => {
    const first = compared(recorded, DAY).outcome;
    const { verdict, outcome } = compared(recorded, NEXT);
    expect(verdict).toBe("equal");
    expect(outcome.compared.snapshots).toBeGreaterThan(0);
    expect(first.trades + outcome.trades).toBe(trades);
  });

  test("is equal from the state that the day began with, whatever ran the day before", () => {
    const dir = tampered((event) =>
      event.kind === "started" ? { ...event, codeHash: "older" } : event,
    );
    const { verdict, snapshotIndex, fromIndex, outcome } = compared(dir, NEXT);
    expect([verdict, snapshotIndex]).toEqual(["equal", fromIndex - 1]);
    expect(outcome.trades).toBeGreaterThan(10);
    expect(reasonOf(dir, DAY)).toContain("that started at event 1 had another code (older)");
    const other = { ...programOf(), codeHash: "newer" };
    expect(reasonOf(recorded, NEXT, other)).toContain(`that ran when ${NEXT} began had another`);
  });

  test.each([
    // Scan 299 is the last one before midnight.
    [299, "equal"],
    [290, "is no longer stored"],
    [100, "there is no snapshot from before the day"],
  ])(
    "with the days before it gone, and a snapshot every %i scans: %s",
    (snapshotEvery, outcome) => {
      const dir = join(root, `every-${snapshotEvery}`);
      recordBook(dir, { ...RECORDING, snapshotEvery, scans: snapshotEvery === 100 ? 600 : 500 });
      rmSync(join(placeIn(dir).root, "BLUE", `${DAY}.seg`));
      rmSync(join(placeIn(dir).root, "BLUE", "outcomes", `${NEXT}.begin`));
      expect(reasonOf(dir, NEXT)).toContain(outcome);
    },
  );
});

describe("what was changed", () => {
  test("another price, with the checksums right, is found at its event", () => {
    let changed = -1;
    const dir = tampered((event) => {
      if (event.kind !== "scan" || event.seq !== 200) return event;
      changed = event.index;
      const prices = event.prices.slice();
      prices[event.pricesAt + 1]! *= 1.000_000_1;
      return { ...event, prices };
    });
    const { verdict, outcome } = compared(dir, DAY);
    expect(verdict).toBe("different");
    expect(outcome.firstDifference).toMatchObject({
      index: changed,
      what: "event",
      event: { kind: "scan", seq: 200 },
    });
  });

  test("another fill is found by the paper broker, with both fills", () => {
    let changed = -1;
    const dir = tampered((event) => {
      if (event.kind !== "order_filled" || 0 <= changed) return event;
      changed = event.index;
      return { ...event, fill: { ...event.fill, price: event.fill.price + 0.01 } };
    });
    const { verdict, outcome } = compared(dir, DAY);
    expect(verdict).toBe("different");
    expect(outcome.broker.firstDifference).toMatchObject({
      index: changed,
      what: "fill",
      recorded: { fill: {} },
      replayed: { fill: {} },
    });
    const { recorded: was, replayed: is } = outcome.broker.firstDifference ?? {};
    expect(was).not.toEqual(is);
  });

  test("another trade in the outbox is found, with both trades", () => {
    const dir = copy();
    const path = join(placeIn(dir).root, "BLUE", "trades.jsonl");
    const lines = readFileSync(path, "utf8").split("\n");
    lines[3] = (lines[3] ?? "").replace(/"pnl":[-\d.]+/, `"pnl":1`);
    writeFileSync(path, lines.join("\n"));
    const { outcome } = compared(dir, DAY);
    expect(outcome.differences).toBe(1);
    expect(outcome.firstDifference).toMatchObject({ what: "trade", recorded: { pnl: 1 } });
  });

  test("a trade that the outbox lacks is found", () => {
    const dir = copy();
    const path = join(placeIn(dir).root, "BLUE", "trades.jsonl");
    const lines = readFileSync(path, "utf8").split("\n");
    lines.splice(3, 1);
    writeFileSync(path, lines.join("\n"));
    const { outcome } = compared(dir, DAY);
    expect(outcome.differences).toBe(1);
    expect(outcome.firstDifference).toMatchObject({ what: "trade", recorded: "nothing" });
  });

  test.each([
    ["event", 8],
    ["decision", 12],
    ["ledger", 16],
    ["pnl", 20],
  ])("another %s in the recorded outcomes is found as such", (what, offset) => {
    const dir = copy();
    const path = join(placeIn(dir).root, "BLUE", "outcomes", `${DAY}.digests`);
    const bytes = readFileSync(path);
    bytes[100 * 24 + offset]! ^= 1;
    writeFileSync(path, bytes);
    const { outcome } = compared(dir, DAY);
    expect(outcome.differences).toBe(1);
    expect(outcome.firstDifference).toMatchObject({ what, index: bytes.readDoubleLE(100 * 24) });
  });

  test("the last outcomes of the newest day are a trader's at work: told, and no loss", () => {
    const dir = copy();
    const path = join(placeIn(dir).root, "BLUE", "outcomes", `${NEXT}.digests`);
    truncateSync(path, statSync(path).size - 5 * 24 - 7);
    const { verdict, outcome } = compared(dir, NEXT);
    expect([verdict, outcome.undigested]).toEqual(["equal", 6]);
  });
});

describe("not comparable is", () => {
  test("a day that has no segment", () => {
    expect(reasonOf(recorded, "2026-03-24")).toContain("the segment 2026-03-24 of BLUE is missing");
  });
  test("a book that was never recorded", () => {
    expect(reasonOf(join(root, "nowhere"), DAY)).toContain("there are no segments");
  });
  test("another configuration", () => {
    const other = programOf({ ...LIVELY_BOOK, fee_bps: 5 });
    expect(reasonOf(recorded, DAY, other)).toContain("had another configuration");
  });
  test("other code", () => {
    const other = { ...programOf(), codeHash: "0123456789abcdef" };
    expect(reasonOf(recorded, DAY, other)).toContain("had another code");
    expect(reasonOf(recorded, DAY, other)).toContain("than this program (0123456789ab)");
  });
  test("a day without recorded outcomes", () => {
    const dir = copy();
    rmSync(join(placeIn(dir).root, "BLUE", "outcomes"), { recursive: true });
    expect(reasonOf(dir, DAY)).toContain("no outcomes of 2026-03-25 were recorded");
  });
  test("a day that is over whose outcomes end early", () => {
    const dir = copy();
    truncateSync(join(placeIn(dir).root, "BLUE", "outcomes", `${DAY}.digests`), 595 * 24);
    expect(reasonOf(dir, DAY)).toContain(
      "the outcomes of 4 of 599 steps of 2026-03-25 were not stored",
    );
  });
  test("a day whose outcomes have a hole, the newest too, unless something differs", () => {
    const dir = copy();
    const path = join(placeIn(dir).root, "BLUE", "outcomes", `${NEXT}.digests`);
    const bytes = readFileSync(path);
    const holed = Buffer.concat([bytes.subarray(0, 100 * 24), bytes.subarray(103 * 24)]);
    writeFileSync(path, holed);
    expect(reasonOf(dir, NEXT)).toContain("the outcomes of 3 of ");
    holed[100 * 24 + 12]! ^= 1;
    writeFileSync(path, holed);
    expect(compared(dir, NEXT).verdict).toBe("different");
  });
  test("a segment whose checksums are wrong", () => {
    const dir = copy();
    const path = join(placeIn(dir).root, "BLUE", `${DAY}.seg`);
    const bytes = readFileSync(path);
    bytes[5_000]! ^= 1;
    writeFileSync(path, bytes);
    expect(reasonOf(dir, DAY)).toContain("is damaged at byte");
  });
  test("nothing of what stands behind the day", () => {
    const dir = copy();
    appendFileSync(join(placeIn(dir).root, "BLUE", `${NEXT}.seg`), Buffer.alloc(40, 7));
    expect(reasonOf(dir, DAY)).toBe("equal");
  });
});
