/**
 * Every check before an entry by its usual name: the reasons with which it refuses, and where it is implemented. The
 * documentation is generated from this table, and a test checks each row with NaN, absent and old values.
 */
import type { RefusalReason } from "../decision.ts";

export type PreTradeCheck = {
  readonly check: string;
  readonly reasons: readonly RefusalReason[];
  /** What it is compared with. */
  readonly bound: string;
  /** The result for NaN, absent or old values. */
  readonly otherwise: string;
  readonly stands: string;
};

const GATE = "risk/entry-gate.ts";
const LIMITS = "risk/limits.ts";
const RULES = "risk/pre-trade-rules.ts";

export const PRE_TRADE_CHECKS: readonly PreTradeCheck[] = [
  row("price", ["asset_without_price"], "a price above 0 in the present scan", "refused", GATE),
  row(
    "price collar",
    ["price_collar"],
    "`limits.price_collar`, a share off the middle one of the last five marks; not judged where it is not set",
    "refused: without a mark, or with one that is no number, nothing is near it",
    RULES,
  ),
  row(
    "notional",
    ["limit_notional", "below_minimum", "insufficient_margin"],
    "`limits.position_notional_max`, the instrument's `minimum_notional`, the free margin",
    "refused",
    `${LIMITS}, ${GATE}, margin/margin-figures.ts`,
  ),
  row(
    "gross",
    ["limit_notional"],
    "`limits.gross_notional_max`, orders on their way included",
    "refused",
    LIMITS,
  ),
  row("position count", ["limit_positions"], "`limits.positions_max`", "refused", LIMITS),
  row("order rate", ["limit_order_rate"], "`limits.entries_per_minute_max`", "refused", LIMITS),
  row(
    "duplicate order",
    ["order_working", "order_unknown"],
    "no order under way in the asset, and none of unknown fate anywhere; an operator's command is done once by its id",
    "refused: an order of which nobody knows whether it arrived stands in the way of all",
    `${GATE}, steps/step-operator.ts`,
  ),
  row(
    "repeated entry in the same asset",
    ["position_open"],
    "no position in the asset",
    "refused",
    GATE,
  ),
  row(
    "daily loss",
    ["limit_daily_loss", "latched", "equity_unknown"],
    "`limits.daily_loss_max` of the day's first equity; latches until `dolphin resume`",
    "refused, and nothing latches: the next number is judged",
    `${LIMITS}, ${RULES}`,
  ),
  row(
    "drawdown",
    ["limit_drawdown", "latched", "equity_unknown", "bankrupt"],
    "`limits.drawdown_max` of the peak equity; latches until `dolphin resume`",
    "refused, and nothing latches: the next number is judged",
    `${LIMITS}, ${RULES}`,
  ),
  row(
    "posture",
    ["posture_unknown", "posture_hibernate", "posture_stops_entries", "posture_old"],
    "a step of the ladder above HIBERNATE, entries not stopped by the watchdog, at most `age_budgets_s.posture` old",
    "refused; one from the future as well",
    GATE,
  ),
  row(
    "input ages",
    ["input_old"],
    "`age_budgets_s` of each input that the strategy declares",
    "refused: never heard is infinitely old, and one from the future is as untrustworthy",
    GATE,
  ),
  row(
    "approved configuration",
    ["configuration_unapproved"],
    "the hash of the running configuration is the approved one; a live broker's book alone asks, paper does not",
    "refused: no hash approves nothing",
    RULES,
  ),
  row("operator's halt", ["halted"], "not halted by `dolphin halt` or `flatten`", "-", GATE),
];

function row(
  check: string,
  reasons: readonly RefusalReason[],
  ...[bound, otherwise, stands]: readonly [string, string, string]
): PreTradeCheck {
  return { check, reasons, bound, otherwise, stands };
}

/** The text of `docs/pre-trade-checks.md`. */
export function preTradeDocument(): string {
  const rows = PRE_TRADE_CHECKS.map(
    ({ check, reasons, bound, otherwise, stands }) =>
      `| ${check} | ${reasons.map((one) => `\`${one}\``).join(", ")} | ${bound} | ${otherwise} | ${stands} |`,
  );
  return [
    "# Checks before an entry",
    "",
    "Every entry, of a strategy or by hand, passes all of these, in the trader, the replay and the backtest alike. Exits",
    "are never refused. A loss that is hit latches; all others refuse the one entry, and the next is judged anew.",
    "`dolphin why no-trade` tells each with its value and its bound. Files are below `src/domain/trading`.",
    "",
    "<!-- Written from src/domain/trading/risk/pre-trade-table.ts; its test says how to write it again. -->",
    "",
    "| check | refuses with | held against | no number, absent or old | stands in |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
