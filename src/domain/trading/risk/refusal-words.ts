/** Why an entry is not made, for people: the reason's name, and what it says about this entry. */
import type { RefusalReason } from "../decision.ts";

/** `subject` as the verdict names it: an input, a limit, an order or an asset. */
export function refusalWords(reason: RefusalReason, subject: string): string {
  return `${reason}: ${sentenceFor(reason, subject)}`;
}

function sentenceFor(reason: RefusalReason, subject: string): string {
  switch (reason) {
    case "halted":
      return "the book is halted until it is resumed";
    case "latched":
      return `${subject} was hit and holds until the book is resumed`;
    case "posture_hibernate":
      return "the posture is HIBERNATE, which allows no entries";
    case "posture_unknown":
      return "no posture is known";
    case "posture_old":
      return "the last posture is older than its budget";
    case "input_old":
      return `the last ${subject} is older than its budget`;
    case "order_unknown":
      return `nobody knows yet whether order ${subject} arrived`;
    case "order_working":
      return `order ${subject} is under way in the asset`;
    case "position_open":
      return `${subject} is held already`;
    case "asset_without_price":
      return `the last scan has no price of '${subject}'; assets are named as in scans, such as BTCUSDT`;
    case "below_minimum":
      return `what share, cash and posture give is below the smallest order in ${subject}`;
    case "limit_notional":
    case "limit_order_rate":
    case "limit_positions":
    case "limit_daily_loss":
    case "limit_drawdown":
      return "the entry would break it; it holds from now on until the book is resumed";
  }
}
