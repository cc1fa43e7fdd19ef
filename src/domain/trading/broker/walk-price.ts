/** The price of a fill where the order book of its asset is known. */
import type { Book } from "../../order-book/book.ts";
import { midPrice, walkBook } from "../../order-book/features.ts";

export type WalkedOrder = {
  readonly side: "buy" | "sell";
  readonly quantity: number;
  /** The scan's price. */
  readonly price: number;
};

/**
 * `beyondBps`: extra cost, beyond the last level, of the part that the book does not hold; `factor`: multiplies the
 * whole cost.
 */
export type WalkTerms = { readonly beyondBps: number; readonly factor: number };

const BPS = 10_000;

/**
 * The scan's price, made worse by what the order pays beyond the book's mid price. The scan's price stays the
 * reference, because a book that is some seconds old says what a size costs, not where the market is.
 */
export function walkedPrice(book: Book, order: WalkedOrder, terms: WalkTerms): number {
  const { side, quantity, price } = order;
  const { filled, averagePrice } = walkBook(book, side, quantity);
  const { prices, count } = side === "buy" ? book.asks : book.bids;
  const beyond = (prices[count - 1]! * (BPS + signOf(side) * terms.beyondBps)) / BPS;
  const average = filled < quantity ? mean(averagePrice, beyond, filled / quantity) : averagePrice;
  return price * (1 + terms.factor * (average / midPrice(book) - 1));
}

function signOf(side: "buy" | "sell"): 1 | -1 {
  return side === "buy" ? 1 : -1;
}

function mean(one: number, other: number, shareOfOne: number): number {
  return one * shareOfOne + other * (1 - shareOfOne);
}
