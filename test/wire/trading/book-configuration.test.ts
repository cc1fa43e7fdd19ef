import { expect, test } from "vitest";
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
