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
    "`limits.price_collar`, a maximum distance (share) from the median of the last five marks; not checked unless it is set",
    "refused, because the distance from a missing or invalid mark is unknown",
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
    "`limits.gross_notional_max`, working orders included",
    "refused",
    LIMITS,
  ),
  row("position count", ["limit_positions"], "`limits.positions_max`", "refused", LIMITS),
  row("order rate", ["limit_order_rate"], "`limits.entries_per_minute_max`", "refused", LIMITS),
  row(
    "duplicate order",
    ["order_working", "order_unknown"],
    "no working order in the asset, and no order of unknown fate in any asset; an operator's command is executed once by its id",
    "refused: while it is not known whether an order arrived, all entries are refused",
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
    "refused, and nothing latches: the next entry is checked again",
    `${LIMITS}, ${RULES}`,
  ),
  row(
    "drawdown",
    ["limit_drawdown", "latched", "equity_unknown", "bankrupt"],
    "`limits.drawdown_max` of the peak equity; latches until `dolphin resume`",
    "refused, and nothing latches: the next entry is checked again",
    `${LIMITS}, ${RULES}`,
  ),
  row(
    "posture",
    ["posture_unknown", "posture_hibernate", "posture_stops_entries", "posture_old"],
    "a posture above HIBERNATE, entries not stopped by the watchdog, at most `age_budgets_s.posture` old",
    "refused; also one from the future",
    GATE,
  ),
  row(
    "input ages",
    ["input_old"],
    "`age_budgets_s` of each input that the strategy declares",
    "refused: an input that was never received is infinitely old, and one from the future is not trusted either",
    GATE,
  ),
  row(
    "approved configuration",
    ["configuration_unapproved"],
    "the hash of the running configuration is the approved one; checked for a book on a live broker only, not on paper",
    "refused: without a hash nothing is approved",
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
    "Every entry, of a strategy or by hand, must pass all of these, in the trader, the replay and the backtest alike. Exits",
    "are never refused. A loss limit that is hit latches; all other checks refuse one entry, and the next is checked again.",
    "`dolphin why no-trade` shows each with its value and its bound. Files are below `src/domain/trading`.",
    "",
    "<!-- Written from src/domain/trading/risk/pre-trade-table.ts; its test says how to write it again. -->",
    "",
    "| check | refuses with | condition | not a number, absent or old | implemented in |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "About the approved configuration: there is no live broker, and `trader.broker` can only be `paper`. So no command approves",
    "a configuration yet, and no hash is stored anywhere. What exists is the check itself, in trader, replay and backtest, and",
    "a guard: a trader does not start at a desk that is not the paper one unless it is given the running hash and the approved",
    "one. A live broker has to bring both, with the command that approves a hash and its audit line.",
    "",
  ].join("\n");
}
