/** How much of each limit a book has used: what a person checks before a limit stops an entry. */
import { lossOf, LOSS_LIMITS } from "../risk/limits.ts";
import type { LimitName } from "../risk/limit-names.ts";
import { openOrOnTheWay } from "../risk/position-room.ts";
import type { Trader } from "../state.ts";

export type LimitUse = {
  readonly limit: LimitName;
  /** In words, where the limit has several figures. */
  readonly about: string;
  readonly used: number;
  readonly allowed: number;
  readonly unit: "share" | "quote" | "count";
  /** No entry until an operator resumes. */
  readonly isLatched: boolean;
};

const MINUTE_MS = 60_000;

export function limitsUsed(trader: Trader): readonly LimitUse[] {
  const { data, configuration } = trader;
  const { limits, capital } = configuration;
  const { latched, entryTimesMs } = data.risk;
  const reach = data.account.equity / capital;
  const notionals = data.positions.map(({ quantity, mark }) => quantity * mark);
  const coming = data.working.flatMap(({ order, filled }) =>
    order.purpose === "entry" ? [(order.quantity - filled) * order.referencePrice] : [],
  );
  const gross = [...notionals, ...coming].reduce((sum, one) => sum + one, 0);
  const entries = entryTimesMs.filter((atMs) => data.nowMs - atMs < MINUTE_MS).length;
  const of = (
    limit: LimitName,
    about: string,
    use: Pick<LimitUse, "used" | "allowed" | "unit">,
  ) => ({
    limit,
    about,
    ...use,
    isLatched: latched.includes(limit),
  });
  return [
    ...LOSS_LIMITS.map((limit) => {
      const { lost, allowed } = lossOf(trader, limit);
      const about = limit === "limit_daily_loss" ? "loss of the day" : "fall from the peak";
      return of(limit, about, { used: Math.max(0, lost), allowed, unit: "share" });
    }),
    of("limit_notional", "largest position", {
      used: Math.max(0, ...notionals),
      allowed: limits.positionNotionalMax * reach,
      unit: "quote",
    }),
    of("limit_notional", "all positions", {
      used: gross,
      allowed: limits.grossNotionalMax * reach,
      unit: "quote",
    }),
    of("limit_positions", "positions", {
      used: openOrOnTheWay(trader),
      allowed: limits.positionsMax,
      unit: "count",
    }),
    of("limit_order_rate", "entries in a minute", {
      used: entries,
      allowed: limits.entriesPerMinuteMax,
      unit: "count",
    }),
  ];
}
