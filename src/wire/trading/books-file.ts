/**
 * `books.json` below the data directory says which version each book runs; both traders read it when they
 * start. Without the file BLUE runs the section `trader`, and GREEN the same with the changes of `green`.
 */
import { z } from "zod";
import type { Configuration } from "../configuration.ts";
import { type BookName, SHADOW_BOOK } from "../../domain/trading/books.ts";

export const BOOKS_FILE = "books.json";

const Promotion = z.strictObject({
  /** Idempotency key, chosen by the requester: the same id again has no effect. */
  id: z.string(),
  /** The last event in BLUE's log before the exchange: both books continue from their states at it. */
  at_index: z.int().min(0),
  at: z.string(),
  by: z.string(),
  /** Configuration hashes after the exchange. */
  blue_hash: z.string(),
  green_hash: z.string(),
});
export type Promotion = z.infer<typeof Promotion>;

export const BooksFile = z.strictObject({
  version: z.literal(1),
  /** Whether BLUE runs GREEN's section of the configuration, and GREEN BLUE's. */
  is_exchanged: z.boolean(),
  /** Oldest first. */
  promotions: z.array(Promotion),
});
export type BooksFile = z.infer<typeof BooksFile>;

export const NEVER_PROMOTED: BooksFile = { version: 1, is_exchanged: false, promotions: [] };

/** The version that a book runs. The money stays: the capital belongs to the book, not to the version. */
export function settingsOfBook(
  book: BookName,
  configuration: Pick<Configuration, "trader" | "green">,
  { is_exchanged }: Pick<BooksFile, "is_exchanged">,
): Configuration["trader"] {
  const { trader, green } = configuration;
  const runsGreen = (book === SHADOW_BOOK) !== is_exchanged;
  const version = runsGreen ? withGreen(trader, green) : trader;
  const capital = book === SHADOW_BOOK ? (green.capital ?? trader.capital) : trader.capital;
  return { ...version, capital };
}

function withGreen(
  trader: Configuration["trader"],
  green: Configuration["green"],
): Configuration["trader"] {
  const strategy = green.strategy ?? trader.strategy;
  return {
    ...trader,
    strategy,
    // Another strategy has other parameters.
    parameters: { ...(strategy === trader.strategy ? trader.parameters : {}), ...green.parameters },
    fill: green.fill ?? trader.fill,
    fee_bps: green.fee_bps ?? trader.fee_bps,
    slippage_bps: green.slippage_bps ?? trader.slippage_bps,
    seed: green.seed ?? trader.seed,
    partial_share: green.partial_share ?? trader.partial_share,
    reject_share: green.reject_share ?? trader.reject_share,
    limits: green.limits ?? trader.limits,
  };
}
