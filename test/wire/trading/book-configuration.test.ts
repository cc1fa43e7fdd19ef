import { expect, test } from "vitest";
import { DEFAULT_MARGIN } from "../../../src/domain/trading/margin/margin-terms.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { bookConfiguration } from "../../../src/wire/trading/book-configuration.ts";

function bookOf(trader: object) {
  return bookConfiguration("BLUE", Configuration.parse({ trader }).trader);
}

test.each([
  [{}, 100_000, 100_000],
  [{ capital: 600_000 }, 600_000, 600_000],
  [{ capital: 600_000, limits: { position_notional_max: 50_000 } }, 50_000, 600_000],
])("the limits of %j are %i for a position and %i for all", (trader, position, gross) => {
  const { positionNotionalMax, grossNotionalMax } = bookOf(trader).trader.limits;
  expect([positionNotionalMax, grossNotionalMax]).toEqual([position, gross]);
});

test("a limit that is named as it would be anyway makes no other book", () => {
  const limits = { position_notional_max: 100_000, gross_notional_max: 100_000 };
  expect(bookOf({ limits }).hash).toBe(bookOf({}).hash);
});

test("without later settings a book's hash is the one in older journals", () => {
  const older = { delisted_after_s: null, scan_offset_max_s: null, margin: null };
  expect(bookOf(older).hash).toBe(
    "3c023e434c3b61b34d6068a739913de904aa9a4e5cb83c9eef780c3b35ac7752",
  );
  expect(bookOf({}).hash).not.toBe(bookOf(older).hash);
});

test("an instrument has its own margin where it names some, and makes no other book where it does not", () => {
  const rounding = { tick: 0.1, lot: 0.001 };
  const margin = { mode: "isolated", leverage: 5, borrow_rate_per_year: 0.1 };
  const instruments = {
    BTCUSDT: { ...rounding, leverage: 50, maintenance_margin_rate: 0.004 },
    DOGEUSDT: { ...rounding, borrow_rate_per_year: 0.4 },
    ETHUSDT: { ...rounding, leverage: 5 },
  };
  const usual = { leverage: 5, maintenanceRate: 0.005, liquidationFeeRate: 0.005, borrowRate: 0.1 };
  expect(bookOf({ margin, instruments }).trader.margin).toEqual({
    mode: "isolated",
    terms: usual,
    byAsset: {
      BTCUSDT: { ...usual, leverage: 50, maintenanceRate: 0.004 },
      DOGEUSDT: { ...usual, borrowRate: 0.4 },
    },
  });
  expect(bookOf({}).trader.margin).toEqual(DEFAULT_MARGIN);
});
