/** The reason of a refusal as a sentence for people. */
import type { RefusalReason } from "../decision.ts";

/** `subject` as in the refusal: an input, a limit, an order or an asset. */
export function refusalWords(reason: RefusalReason, subject: string): string {
  return `${reason}: ${sentenceFor(reason, subject)}`;
}

function sentenceFor(reason: RefusalReason, subject: string): string {
  switch (reason) {
    case "halted":
      return "the book is halted until it is resumed";
    case "bankrupt":
      return "the book has no cash left";
    case "latched":
      return `the limit ${subject} was hit and stays latched until the book is resumed`;
    case "posture_hibernate":
      return "the posture is HIBERNATE, which allows no entries";
    case "posture_unknown":
      return "no posture is known";
    case "posture_stops_entries":
      return "the safety watchdog has stopped entries; 'dolphin safety show' says why";
    case "posture_old":
      return "the last posture is older than its budget";
    case "input_old":
      return `the last ${subject} is older than its budget`;
    case "order_unknown":
      return `it is not known yet whether order ${subject} arrived`;
    case "order_working":
      return `order ${subject} is working in the asset`;
    case "position_open":
      return `${subject} is held already`;
    case "asset_without_price":
      return `the last scan has no price of '${subject}'; assets are named as in scans, such as BTCUSDT`;
    case "equity_unknown":
      return "the book's equity is not a number, so no loss can be judged";
    case "price_collar":
      return `the price of ${subject} is too far off its last marks`;
    case "configuration_unapproved":
      return "the running configuration is not the approved one";
    case "below_minimum":
      return `the size given by share, cash and posture is below the minimum order in ${subject}`;
    case "insufficient_margin":
      return `the initial margin of an entry into ${subject} is more than the book's free margin`;
    case "limit_notional":
    case "limit_order_rate":
    case "limit_positions":
      return "the entry would break it and is not made; the next one is checked again";
    case "limit_daily_loss":
    case "limit_drawdown":
      return "it was hit and stays latched until the book is resumed";
  }
}
