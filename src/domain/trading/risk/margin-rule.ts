/** Refuses an entry for which there is not enough initial margin. */
import { assert } from "../../assert.ts";
import { termsOf } from "../margin/margin-terms.ts";
import type { Trader } from "../state.ts";
import type { EntryRule } from "./check.ts";

/** A position bought with the whole equity must fit, whatever the rounding of the quotient. */
const SLACK = 1 + 1e-9;

type Sized = { readonly trader: Trader; readonly asset: string; readonly notional: number };

export const MARGIN_RULE: EntryRule<Sized> = {
  reason: "insufficient_margin",
  unit: "quote",
  passes({ trader: { data, configuration }, asset, notional }, measured) {
    const { margin } = configuration;
    assert(margin !== undefined, "the rule is asked where there is a margin");
    let needed = notional / termsOf(margin, asset).leverage;
    for (const position of data.positions) {
      needed +=
        (position.quantity * position.entryPrice) / termsOf(margin, position.asset).leverage;
    }
    for (const { order, filled } of data.working) {
      if (order.purpose !== "entry") continue;
      const rest = (order.quantity - filled) * order.referencePrice;
      needed += rest / termsOf(margin, order.asset).leverage;
    }
    const { equity, cash } = data.account;
    const free = margin.mode === "cross" ? equity : Math.min(equity, cash);
    measured.subject = asset;
    measured.value = needed;
    measured.bound = free;
    return needed <= free * SLACK;
  },
};
