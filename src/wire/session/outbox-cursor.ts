/** The cursor of an outbox, and trades in the form in which the outbox sends them. */
import { z } from "zod";
import type { SessionTrade } from "./trade-session.ts";

/**
 * `after`: the trades of all events up to this index were sent; `temporal`: to the sessions of the Temporal whose
 * namespace has this id (null, or absent in files of older programs: not known). A further field, of a newer release,
 * does not make the cursor unreadable: all trades would be sent again.
 */
export const OutboxCursorFile = z.object({
  after: z.int().min(0),
  temporal: z.string().nullable().default(null),
});
export type OutboxCursor = z.infer<typeof OutboxCursorFile>;

const StoredTrade = z.looseObject({
  positionId: z.string(),
  asset: z.string(),
  direction: z.string(),
  exitReason: z.string(),
  exitedAtMs: z.number(),
  pnl: z.number(),
  fees: z.number(),
});

/** @throws {Error} that names the invalid field. */
export function sessionTradeOf(trade: unknown): SessionTrade {
  return StoredTrade.parse(trade);
}
