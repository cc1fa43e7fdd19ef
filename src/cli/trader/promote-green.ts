/**
 * Exchanges the versions of BLUE and GREEN: refuses early while one of them holds a position, stops both, exchanges,
 * and starts both again, even after a refusal.
 */
import type { ExchangeOutcome, ExchangeRequest } from "../../operations/books/exchange-books.ts";
import type { TraderStatus } from "../../wire/trading/trader-control.ts";
import { type BookName, BOOKS } from "../../domain/trading/books.ts";

export type PromoteWorld = {
  /** Null when no trader of the book runs. */
  readonly status: (book: BookName) => Promise<TraderStatus | null>;
  readonly stop: (book: BookName) => Promise<void>;
  readonly start: (book: BookName) => Promise<void>;
  readonly exchange: (request: ExchangeRequest) => ExchangeOutcome;
};

export async function promoteGreen(
  world: PromoteWorld,
  request: ExchangeRequest,
): Promise<ExchangeOutcome> {
  const notFlat: string[] = [];
  for (const book of BOOKS) notFlat.push(...whyNotFlat(book, await world.status(book)));
  if (notFlat.length > 0) return { kind: "refused", reason: `not flat: ${notFlat.join("; ")}` };
  try {
    // BLUE first: GREEN may still have to take what BLUE appends.
    for (const book of BOOKS) await world.stop(book);
    return world.exchange(request);
  } finally {
    for (const book of BOOKS) await world.start(book);
  }
}

function whyNotFlat(book: BookName, status: TraderStatus | null): readonly string[] {
  if (status === null) return [];
  const { positions, orders_working } = status;
  return [
    ...positions.map(({ direction, asset }) => `${book} is ${direction} ${asset}`),
    ...orders_working.map((order) => `order ${order} of ${book} is working`),
  ];
}
