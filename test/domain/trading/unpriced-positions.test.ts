import { expect, test } from "vitest";
import {
  unpricedPositions,
  unpricedWords,
} from "../../../src/domain/trading/portfolio/unpriced-positions.ts";
import { DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scripted } from "../../helpers/trading/scripted.ts";

function holding() {
  const stage = scripted();
  stage.warmUp();
  stage.scan(3);
  const { asset, referencePrice } = stage.orders[0]!;
  stage.fill(referencePrice);
  const rest = ["AAA", "BBB", "CCC"].filter((name) => name !== asset);
  return { ...stage, asset, mark: referencePrice, gone: { assets: rest, prices: [1, 1] } };
}

test("an asset that left the scans has no price since its last one, and its exit waits past the hold", () => {
  const { scan, trader, asset, mark, gone } = holding();
  const prices = Float64Array.from(gone.prices);
  const { holdScansMax } = trader.data.positions[0]!.plan;
  expect(unpricedPositions(trader)).toEqual([]);
  scan(4, { assets: gone.assets, prices, afterMs: 5_000 });
  const { id } = trader.data.positions[0]!;
  const found = { id, asset, sinceMs: DAY_START_MS, silentMs: 5_000, mark, exitDue: null };
  expect(unpricedPositions(trader)).toEqual([found]);
  for (let seq = 5; seq <= 3 + holdScansMax; seq += 1) {
    scan(seq, { assets: gone.assets, prices, afterMs: 5_000 });
  }
  expect(unpricedPositions(trader)).toEqual([{ ...found, exitDue: "max_hold" }]);
  expect(unpricedWords({ ...found, exitDue: "max_hold" })).toBe(
    `no price for ${asset} since 2026-03-25T00:00:00Z: the position stays at ${mark}, ` +
      "and its exit (max_hold) waits for a price",
  );
});

test("a price that is none is no price; one that comes back is one", () => {
  const { scan, trader, tell, asset } = holding();
  const prices = Float64Array.of(100, 20, 5);
  prices[["AAA", "BBB", "CCC"].indexOf(asset)] = Number.NaN;
  scan(4, { prices, afterMs: 1_000 });
  tell({ kind: "operator", commandId: "f", by: "ops", command: { kind: "flatten" } }, 70_000);
  expect(unpricedPositions(trader)).toMatchObject([{ silentMs: 70_000, exitDue: "flatten" }]);
  expect(scan(5, { afterMs: 71_000 })).toBe("exited");
  expect(unpricedPositions(trader)).toEqual([]);
});

test("silence of all scans is not an asset without a price", () => {
  const { trader, tell } = holding();
  tell({ kind: "tick" }, 3_600_000);
  expect(unpricedPositions(trader)).toEqual([]);
});
