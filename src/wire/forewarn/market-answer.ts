/** What the process that reads the archive for a forecast answers. */
import { z } from "zod";
import { MARKET_REGIMES } from "../../domain/forewarn/market.ts";

const MarketFound = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("known"),
    market: z.object({
      fromMs: z.number(),
      stepMs: z.number().positive(),
      steps: z.string().regex(/^[cnw-]+$/),
      known: z.int(),
      moves: z.object({ low: z.number(), high: z.number(), present: z.number() }),
      present: z.enum(MARKET_REGIMES),
    }),
  }),
  z.object({ kind: z.literal("unknown"), reason: z.string() }),
]);

export const MarketAnswer = z.object({
  found: MarketFound,
  /** Days of which there are samples. */
  days: z.int(),
  /** Of the samples; null where there are none. */
  hash: z.string().nullable(),
});
export type MarketAnswer = Readonly<z.infer<typeof MarketAnswer>>;

/** @param reason why it was not read: the end of a sentence */
export function unreadMarket(reason: string): MarketAnswer {
  return { found: { kind: "unknown", reason }, days: 0, hash: null };
}
