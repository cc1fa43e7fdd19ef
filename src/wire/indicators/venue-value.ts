/** The JSON text of DOLPHIN_VENUES: how much of a venue's budget all workers together have used. */
import { z } from "zod";
import type { VenueState } from "../../domain/indicators/venue-budget.ts";

export const VENUES_MAP = "DOLPHIN_VENUES";

const VenueText = z.object({
  weight: z.number().min(0),
  atMs: z.number(),
  blockedUntilMs: z.number(),
  failures: z.number().int().min(0),
  openUntilMs: z.number(),
});

/** Null: nobody has used this venue yet, or the text is not ours. */
export function parseVenue(text: unknown): VenueState | null {
  if (typeof text !== "string") return null;
  try {
    return VenueText.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
