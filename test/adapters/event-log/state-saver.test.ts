/** Saving while the book works: the written state is the one at the time of the copy. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStateSaver } from "../../../src/adapters/event-log/aside/state-saver.ts";
import {
  deleteUnfinished,
  latestSnapshot,
  listSnapshots,
  SNAPSHOTS_KEPT,
} from "../../../src/adapters/event-log/snapshots.ts";
import { TradeFile } from "../../../src/adapters/event-log/trade-file.ts";
import { exactText } from "../../../src/domain/trading/snapshot/exact.ts";
import { snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { decodeTraderSnapshot } from "../../../src/wire/trading/trader-snapshot.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { scripted } from "../../helpers/trading/scripted.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemporaryDirectory("state-saver");
});
afterAll(() => removeTemporaryDirectory(dir));

function open(name: string) {
  const folder = join(dir, name);
  mkdirSync(folder);
  const trades = new TradeFile(folder);
  const syncs: string[] = [];
  const journal = {
    folder,
    nextIndex: 1_000,
    async syncAside() {
      syncs.push("journal");
    },
  };
  const saver = createStateSaver({ journal, trades, configurationHash: "ab" });
  const stage = scripted();
  stage.warmUp();
  return { folder, trades, syncs, saver, stage };
}

function savedText(folder: string): string {
  const { snapshot } = latestSnapshot(folder, 1_000);
  return exactText(decodeTraderSnapshot(snapshot!.bytes).snapshot);
}

test.each(["with memory that was prepared", "without"])(
  "the book goes on while its state is written, %s",
  async (how) => {
    const { folder, trades, syncs, saver, stage } = open(how.slice(0, 5) + how.length);
    const { trader } = stage;
    for (let round = 0; round < SNAPSHOTS_KEPT + 2; round += 1) {
      if (how !== "without") await saver.prepare(trader);
      const taken = exactText(snapshotOf(trader));
      const saving = saver.save(trader, trader.nextIndex - 1);
      stage.scan(3 + round, { prices: Float64Array.of(100 + round, 20, 5) });
      await saving;
      expect(savedText(folder)).toBe(taken);
    }
    expect(listSnapshots(folder)).toHaveLength(SNAPSHOTS_KEPT);
    expect(syncs).toHaveLength(2 * (SNAPSHOTS_KEPT + 2));
    trades.close();
  },
);

test("a day's begin that comes in the middle of a save gets memory of its own", async () => {
  const { folder, trades, saver, stage } = open("both");
  const { trader } = stage;
  await saver.prepare(trader);
  const taken = exactText(snapshotOf(trader));
  const saving = saver.save(trader, trader.nextIndex - 1);
  stage.scan(3, { prices: Float64Array.of(7, 8, 9) });
  saver.keepBegin(join(folder, "2026-03-26.begin"), (copy) => {
    snapshotOf(trader, copy);
    return [Buffer.from("begun")];
  });
  await saving;
  expect(savedText(folder)).toBe(taken);
  trades.close();
});

test("what an end in the middle of a write left is gone with the next start", () => {
  const { folder, trades } = open("left");
  trades.close();
  const snapshots = join(folder, "snapshots");
  mkdirSync(snapshots);
  writeFileSync(join(snapshots, "0000000000000007.snap.aside.tmp"), "half");
  writeFileSync(join(snapshots, "0000000000000006.snap"), "whole");
  deleteUnfinished(folder);
  expect(readdirSync(snapshots)).toEqual(["0000000000000006.snap"]);
});
