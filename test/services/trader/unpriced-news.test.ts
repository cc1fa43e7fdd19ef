import { expect, test } from "vitest";
import { createUnpricedNews } from "../../../src/services/trader/unpriced-news.ts";
import { scripted } from "../../helpers/trading/scripted.ts";

test("the log gets one line that a price is missing, one that an exit waits, and that it is there again", () => {
  const { scan, warmUp, fill, tell, orders, trader } = scripted();
  const news = createUnpricedNews();
  const heard = () => news(trader).map(({ level, line }) => `${level} ${line}`);
  warmUp();
  scan(3);
  const { asset, referencePrice } = orders[0]!;
  fill(referencePrice);
  const gone = {
    assets: ["AAA", "BBB", "CCC"].filter((name) => name !== asset),
    prices: Float64Array.of(1, 1),
  };
  scan(4, { ...gone, afterMs: 60_000 });
  expect(heard()).toEqual([]);
  tell({ kind: "tick" }, 60_001);
  expect(heard()).toEqual([expect.stringMatching(`^warn no price for ${asset} since .* stays at`)]);
  tell({ kind: "tick" }, 61_001);
  expect(heard()).toEqual([]);
  const command = { kind: "flatten" } as const;
  tell({ kind: "operator", commandId: "f", by: "ops", command }, 62_000);
  expect(heard()).toEqual([expect.stringContaining("its exit (flatten) waits for a price")]);
  expect(heard()).toEqual([]);
  scan(5, { afterMs: 63_000 });
  expect(heard()).toEqual([`info there is a price for ${asset} again`]);
  expect(heard()).toEqual([]);
});
