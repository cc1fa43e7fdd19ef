/** Every check before an entry refuses if its value is not a number, absent or old; the document equals the table. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import type { TraderConfiguration } from "../../../src/domain/trading/configuration.ts";
import { REFUSAL_REASONS } from "../../../src/domain/trading/decision.ts";
import {
  preTradeDocument,
  PRE_TRADE_CHECKS,
} from "../../../src/domain/trading/risk/pre-trade-table.ts";
import type { Trader } from "../../../src/domain/trading/trader.ts";
import { DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scripted } from "../../helpers/trading/scripted.ts";

const DOCUMENT = resolve(import.meta.dirname, "../../../docs/pre-trade-checks.md");

type Row = {
  readonly check: string;
  readonly how: string;
  readonly refusal: string;
  readonly overrides?: (configuration: Trader["configuration"]) => Partial<TraderConfiguration>;
  readonly spoil?: (data: Trader["data"]) => void;
  readonly prices?: Float64Array;
};

const limit =
  (over: Partial<TraderConfiguration["limits"]>): NonNullable<Row["overrides"]> =>
  ({ limits }) => ({ limits: { ...limits, ...over } });

const ROWS: readonly Row[] = [
  {
    check: "price",
    how: "NaN",
    refusal: "asset_without_price",
    prices: Float64Array.of(Number.NaN, Number.NaN, Number.NaN),
  },
  {
    check: "price collar",
    how: "too far off",
    refusal: "price_collar",
    overrides: limit({ priceCollar: 0.05 }),
    prices: Float64Array.of(130, 26, 6.5),
  },
  {
    check: "price collar",
    how: "a bound NaN",
    refusal: "price_collar",
    overrides: limit({ priceCollar: Number.NaN }),
  },
  {
    check: "notional",
    how: "a bound NaN",
    refusal: "limit_notional",
    overrides: limit({ positionNotionalMax: Number.NaN }),
  },
  {
    check: "gross",
    how: "a bound NaN",
    refusal: "limit_notional",
    overrides: limit({ grossNotionalMax: Number.NaN }),
  },
  {
    check: "position count",
    how: "a bound NaN",
    refusal: "limit_positions",
    overrides: limit({ positionsMax: Number.NaN }),
  },
  {
    check: "order rate",
    how: "a bound NaN",
    refusal: "limit_order_rate",
    overrides: limit({ entriesPerMinuteMax: Number.NaN }),
  },
  {
    check: "daily loss",
    how: "its base NaN",
    refusal: "equity_unknown",
    spoil: ({ risk }) => {
      risk.dayEquity = Number.NaN;
    },
  },
  {
    check: "drawdown",
    how: "its base NaN",
    refusal: "equity_unknown",
    spoil: ({ risk }) => {
      risk.peakEquity = Number.NaN;
    },
  },
  {
    check: "drawdown",
    how: "equity NaN",
    refusal: "equity_unknown",
    spoil: ({ account }) => {
      account.equity = Number.NaN;
    },
  },
  {
    check: "posture",
    how: "unknown",
    refusal: "posture_unknown",
    spoil: ({ posture }) => {
      posture.value = "UNKNOWN";
    },
  },
  {
    check: "posture",
    how: "its time NaN",
    refusal: "posture_old",
    spoil: ({ posture }) => {
      posture.asOfMs = Number.NaN;
    },
  },
  {
    check: "posture",
    how: "old",
    refusal: "posture_old",
    spoil: ({ posture }) => {
      posture.asOfMs = DAY_START_MS - 31_000;
    },
  },
  {
    check: "posture",
    how: "from the future",
    refusal: "posture_old",
    spoil: ({ posture }) => {
      posture.asOfMs = DAY_START_MS + 31_000;
    },
  },
  {
    check: "posture",
    how: "entries stopped",
    refusal: "posture_stops_entries",
    spoil: ({ posture }) => {
      posture.areEntriesStopped = true;
    },
  },
  {
    check: "input ages",
    how: "absent",
    refusal: "input_old",
    spoil: ({ features }) => {
      features.delete("mood");
    },
  },
  {
    check: "input ages",
    how: "its time NaN",
    refusal: "input_old",
    spoil: ({ features }) => {
      features.set("mood", { value: 1, asOfMs: Number.NaN });
    },
  },
  {
    check: "approved configuration",
    how: "another",
    refusal: "configuration_unapproved",
    overrides: () => ({ approval: { running: "a", approved: "b" } }),
  },
  {
    check: "approved configuration",
    how: "none",
    refusal: "configuration_unapproved",
    overrides: () => ({ approval: { running: "", approved: "" } }),
  },
  {
    check: "operator's halt",
    how: "halted",
    refusal: "halted",
    spoil: ({ risk }) => {
      risk.isHalted = true;
    },
  },
];

function decided({
  overrides,
  spoil,
  prices,
}: Omit<Row, "check" | "how" | "refusal">): string | null {
  const configured = overrides === undefined ? {} : overrides(scripted().trader.configuration);
  const { trader, scan, warmUp } = scripted(configured);
  warmUp();
  spoil?.(trader.data);
  return scan(3, prices === undefined ? {} : { prices });
}

test.each(ROWS)("$check: $how is refused with $refusal", (row) => {
  expect(decided({})).toBe("entered");
  expect(decided(row)).toBe(row.refusal);
});

test("a price near its last marks, and the approved configuration, let an entry through", () => {
  expect(
    decided({ overrides: limit({ priceCollar: 0.05 }), prices: Float64Array.of(101, 20, 5) }),
  ).toBe("entered");
  expect(decided({ overrides: () => ({ approval: { running: "a", approved: "a" } }) })).toBe(
    "entered",
  );
});

/** `WRITE_DOCUMENTS=1 npx vitest run --project unit test/domain/trading/pre-trade-checks.test.ts` writes it. */
test("the document is the table", () => {
  if (process.env["WRITE_DOCUMENTS"] === "1") writeFileSync(DOCUMENT, preTradeDocument());
  expect(readFileSync(DOCUMENT, "utf8")).toBe(preTradeDocument());
  const named = new Set(PRE_TRADE_CHECKS.map(({ check }) => check));
  expect(ROWS.filter(({ check }) => !named.has(check))).toEqual([]);
});

test("every reason to refuse an entry has a row in the table", () => {
  const rows = PRE_TRADE_CHECKS.flatMap(({ reasons }) => reasons);
  expect(REFUSAL_REASONS.filter((reason) => !rows.includes(reason))).toEqual([]);
});
