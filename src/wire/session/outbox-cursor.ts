/** The outbox's memory, and the trades as it tells them. */
import { z } from "zod";
import type { SessionTrade } from "./trade-session.ts";

/** `after`: trades of events up to this one were told. */
export const OutboxCursorFile = z.strictObject({ after: z.int().min(0) });

const Told = z.looseObject({
  positionId: z.string(),
  asset: z.string(),
  direction: z.string(),
  exitReason: z.string(),
  exitedAtMs: z.number(),
  pnl: z.number(),
  fees: z.number(),
});

/** @throws {Error} that names the field, when this is no trade. */
export function toldTrade(trade: unknown): SessionTrade {
  return Told.parse(trade);
}
