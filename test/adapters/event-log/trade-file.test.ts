import { appendFileSync, closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TradeFile } from "../../../src/adapters/event-log/trade-file.ts";
import type { Trade } from "../../../src/domain/trading/orders.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const TRADE: Trade = {
  positionId: "p",
  asset: "BTCUSDT",
  direction: "long",
  quantity: 1,
  entryPrice: 100,
  exitPrice: 101,
  entrySeq: 1,
  exitSeq: 2,
  enteredAtMs: 1,
  exitedAtMs: 2,
  heldScans: 1,
  exitReason: "take_profit",
  pnl: 1,
  fees: 0,
  maxAdverse: 0,
  maxFavourable: 0.01,
  signal: 1,
  posture: "APEX",
  ages: [],
  plan: { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 5, bucket: "calm" },
};
let dir = "";
beforeAll(() => {
  dir = makeTemporaryDirectory("trades");
});
afterAll(() => removeTemporaryDirectory(dir));

test("a trade is there once, through a torn line and a fold that repeats it", async () => {
  const first = new TradeFile(dir);
  for (const index of [3, 7]) first.add({ index, trade: TRADE });
  first.close();
  appendFileSync(first.path, '{"index":9,"tra');
  const second = new TradeFile(dir);
  for (const index of [3, 7, 9]) second.add({ index, trade: TRADE });
  second.sync();
  const all = await second.since(0, 10);
  expect(all).toEqual([3, 7, 9].map((index) => ({ index, trade: TRADE })));
  expect((await second.since(3, 1)).map(({ index }) => index)).toEqual([7]);
  expect(await second.since(9, 10)).toEqual([]);
  second.close();
});

test("the newest trades are read without the file's start, before and after it is opened again", async () => {
  const folder = join(dir, "many");
  mkdirSync(folder);
  const first = new TradeFile(folder);
  const indices = Array.from({ length: 1_200 }, (_, at) => 3 * at + 1);
  for (const index of indices) first.add({ index, trade: TRADE });
  const second = new TradeFile(folder);
  for (const file of [first, second]) {
    for (const after of [0, 1, 2, 1_000, 1_801, 1_802, 3_000, 3_597, 3_598, 9_999]) {
      const indexes = (await file.since(after, 50)).map(({ index }) => index);
      expect(indexes).toEqual(indices.filter((index) => after < index).slice(0, 50));
    }
  }
  // A reader meets a line that is not valid.
  const spoilt = openSync(first.path, "r+");
  writeSync(spoilt, '{"index":3599,', 0);
  closeSync(spoilt);
  for (const file of [first, second]) {
    expect((await file.since(3_500, 2)).map(({ index }) => index)).toEqual([3_502, 3_505]);
    file.close();
  }
});
