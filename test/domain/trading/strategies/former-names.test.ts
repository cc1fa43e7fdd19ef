/** Strategy files that use the name from before `column` still work. */
import { expect, test } from "vitest";
import {
  defineStrategy,
  type EntrySignal,
  type PositionView,
} from "../../../../src/domain/trading/strategy.ts";
import { DAY_START_MS } from "../../../helpers/trading/random-day.ts";
import { PLAIN_STRATEGY } from "../../../helpers/trading/plain-strategy.ts";
import { scripted } from "../../../helpers/trading/scripted.ts";

type Names = {
  readonly signal: (column: number, rest: Omit<EntrySignal, "column">) => object;
  readonly columnOf: (position: PositionView) => number;
};

const PRESENT: Names = {
  signal: (column, rest) => ({ column, ...rest }),
  columnOf: ({ column }) => column,
};
/** As a file that never met a type checker says it. */
const FORMER: Names = {
  signal: (asset, rest) => ({ asset, ...rest }),
  columnOf: (position) => Reflect.get(position, "asset"),
};

/** Enters the second asset at the third scan, and leaves it once its price is above 20. */
function playedBy({ signal, columnOf }: Names) {
  const plan = { takeProfit: 9, stopLoss: 9, holdScansMax: 99, bucket: "fixed" };
  const untyped: unknown = {
    ...PLAIN_STRATEGY,
    name: "named",
    decide: () => signal(1, { direction: "long", share: 0.1, strength: 1, plan }),
    shouldExit: (
      _: object,
      view: { at: (column: number) => number },
      { position }: { readonly position: PositionView },
    ) => 20 < view.at(columnOf(position)),
  };
  const book = scripted({ strategy: Reflect.apply(defineStrategy, undefined, [untyped]) });
  book.tell({ kind: "posture", posture: "APEX", asOfMs: DAY_START_MS, source: "test" });
  const outcomes: unknown[] = [book.scan(1)];
  outcomes.push(book.fill(20), book.scan(2));
  outcomes.push(book.scan(3, { prices: Float64Array.of(100, 21, 5) }), book.fill(21));
  return { outcomes, orders: book.orders };
}

test("a strategy file with the former names decides and exits alike", () => {
  const present = playedBy(PRESENT);
  expect(present.orders.map(({ asset, purpose }) => [asset, purpose])).toEqual([
    ["BBB", "entry"],
    ["BBB", "exit"],
  ]);
  expect(playedBy(FORMER)).toEqual(present);
});
