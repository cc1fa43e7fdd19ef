/** The intake under every disorder of events: each seq once, in order, whatever was lost. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createSeenSeqs, noteSeq, type SeenSeqs } from "../../../../src/domain/scan/seen-seqs.ts";
import { ScanIntake } from "../../../../src/services/trader/intake/scan-intake.ts";
import { ScanTextReader } from "../../../../src/wire/trading/scan-text.ts";
import { until } from "../../../helpers/until.ts";
import { scanText, seqsTo } from "../../../helpers/trader.ts";

const LAST = 30;
const textOf = (seq: number) =>
  scanText({ seq, prices: [1], eigenvalues: [1], atMs: 1_774_400_000_000, assets: ["A"] });

function openIntake(present: ReadonlySet<number>, canRead = () => true) {
  let seqs: SeenSeqs | null = null;
  const stepped: { readonly seq: number; readonly isRepaired: boolean }[] = [];
  const lost: number[] = [];
  const troubles: string[] = [];
  const clock = { ms: 0 };
  const take = (seq: number) => {
    seqs ??= createSeenSeqs(seq - 1);
    expect(noteSeq(seqs, seq)).toBe(true);
    return true;
  };
  const intake = new ScanIntake({
    reader: new ScanTextReader(),
    sources: [
      {
        name: "store",
        async *find({ from, to }) {
          if (!canRead()) throw new Error("it does not answer");
          for (let seq = from; seq <= to; seq++) if (present.has(seq)) yield textOf(seq);
        },
      },
    ],
    taken: () => seqs,
    step(scan, isRepaired) {
      take(scan.seq);
      stepped.push({ seq: scan.seq, isRepaired });
      return true;
    },
    lose(seq) {
      lost.push(seq);
      return take(seq);
    },
    // Waiting for what nobody has costs no time here.
    monotonicMs: () => (clock.ms += 400),
    onTrouble: (line) => troubles.push(line),
    onFailure(error) {
      throw error;
    },
  });
  return { intake, stepped, lost, troubles };
}

test("events in any order, twice or never: every seq is stepped once, in order", async () => {
  const everything = new Set(seqsTo(LAST));
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...seqsTo(LAST), ...seqsTo(LAST)]), async (events) => {
      const { intake, stepped } = openIntake(everything);
      intake.hear(textOf(1));
      for (const seq of events) intake.hear(textOf(seq));
      intake.hear(textOf(LAST));
      await until("all are stepped", () => stepped.length === LAST);
      expect(stepped.map(({ seq }) => seq)).toEqual(seqsTo(LAST));
    }),
    { numRuns: 100 },
  );
});

test("what follows is stepped within its own callback, and is no repair", () => {
  const { intake, stepped } = openIntake(new Set());
  for (const seq of [1, 2, 3]) expect(intake.hear(textOf(seq))).toBe(true);
  expect(intake.hear(textOf(3))).toBe(false);
  expect(intake.hear("no scan")).toBe(false);
  expect(stepped).toEqual([1, 2, 3].map((seq) => ({ seq, isRepaired: false })));
  expect(intake.counts).toMatchObject({ heard: 4, duplicates: 1, unreadable: 1 });
});

test("what nobody has holds the others up for a moment, and is given up once", async () => {
  const present = new Set(seqsTo(10));
  present.delete(4);
  const { intake, stepped, lost } = openIntake(present);
  intake.hear(textOf(1));
  intake.hear(textOf(10));
  await until("the others are stepped", () => stepped.length === 9);
  expect(intake.backlog).toBe(1);
  await until("it is lost", async () => {
    await intake.tick();
    return lost.length === 1;
  });
  await intake.tick();
  expect(lost).toEqual([4]);
  expect(intake.backlog).toBe(0);
});

test("nothing is lost that was not looked for: beyond what is read at once, or in a pause", async () => {
  const present = new Set(seqsTo(400));
  for (const seq of [4, 390]) present.delete(seq);
  const { intake, stepped, lost } = openIntake(present);
  intake.hear(textOf(1));
  intake.hear(textOf(400));
  await until("the others are stepped", () => stepped.length === 398);
  present.add(390);
  // Between two of them the process may have been paused for any time.
  for (let looks = 0; looks < 10; looks++) await intake.tick();
  expect(lost).toEqual([]);
  await until("the second one is found", async () => {
    await intake.tick();
    return intake.backlog === 0;
  });
  expect(lost).toEqual([4]);
  expect(stepped.at(-1)).toEqual({ seq: 390, isRepaired: true });
});

test("nor while its source cannot be read, but no source holds a seq open forever", async () => {
  const present = new Set(seqsTo(10));
  present.delete(4);
  let canRead = true;
  const { intake, stepped, lost } = openIntake(present, () => canRead);
  intake.hear(textOf(1));
  intake.hear(textOf(10));
  await until("the others are stepped", () => stepped.length === 9);
  canRead = false;
  for (let looks = 0; looks < 60; looks++) await intake.tick();
  expect(lost).toEqual([]);
  await intake.tick();
  expect(lost).toEqual([4]);
});

test("a first scan brings what stands before it without a gap, and no more", async () => {
  const { intake, stepped } = openIntake(new Set([2, 3, 5, 6, 7]));
  intake.hear(textOf(8));
  await until("it is stepped", () => stepped.at(-1)?.seq === 8);
  expect(stepped.map(({ seq }) => seq)).toEqual([5, 6, 7, 8]);
});

test("a bridge that counts from the beginning again is reported, and not taken for duplicates", () => {
  const { intake, stepped, troubles } = openIntake(new Set());
  for (const seq of [1, 2, 3]) intake.hear(textOf(seq));
  // A restarted bridge publishes its newest scan again under its own epoch.
  intake.hear(textOf(3).replace('"epoch":1', '"epoch":2'));
  expect([intake.isNumberedAnew, troubles.length]).toEqual([false, 0]);
  intake.hear(textOf(1).replace('"epoch":1', '"epoch":3'));
  expect(intake.isNumberedAnew).toBe(true);
  expect(troubles.join()).toContain("the bridge of epoch 3 has seq 1, but 3 was taken before");
  expect(stepped).toHaveLength(3);
  intake.hear(textOf(4).replace('"epoch":1', '"epoch":3'));
  expect(intake.isNumberedAnew).toBe(false);
});
