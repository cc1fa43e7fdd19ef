import { expect, test } from "vitest";
import { velocityDivergence } from "../../src/domain/trading/strategies/velocity-divergence.ts";
import { runOfBook } from "../../src/wire/backtest/book-run.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { readBacktestInput } from "../../src/workflows/backtest/backtest-input.ts";

const asked = { workflowId: "backtest-a", startedMs: 0 };
const book = Configuration.parse({}).trader;
const strategy = { choice: velocityDivergence, source: velocityDivergence.name };
const delisting = (raw: object) =>
  runOfBook(book, readBacktestInput(raw, asked).asked, strategy).settings.delisting;

test.each<[object, unknown]>([
  [{}, { afterMs: 86_400_000, share: 1 }],
  [
    { delisted_after_s: 600, delisted_at: 0 },
    { afterMs: 600_000, share: 0 },
  ],
  [{ delisted_after_s: "never", delisted_at: null }, null],
])("an input of %j writes off so: %j", (raw, expected) => {
  expect(delisting(raw)).toEqual(expected);
});

test.each([{ delisted_after_s: 0 }, { delisted_after_s: "soon" }, { delisted_at: 1.5 }])(
  "%j is refused by its field",
  (raw) => {
    expect(() => delisting(raw)).toThrow(`field '${Object.keys(raw)[0]}' must be`);
  },
);
