/** Requests a whole book from Binance, within the shared budget. */
import type { FeatureStore } from "../../adapters/indicators/feature-store.ts";
import { BINANCE_USDM } from "../../wire/indicators/binance-usdm.ts";
import { type DepthSnapshot, readSnapshot } from "../../wire/order-book/slow-depth.ts";
import { ANSWER_DEADLINE_MS, fetchWithin } from "../indicators/venue-fetch.ts";

const LEVELS = 1_000;
/** Documented weight for this many levels. */
const WEIGHT = 20;

/** @throws {RefreshProblem} @throws {Error} that says what is wrong with the answer */
export async function fetchSnapshot(
  symbol: string,
  by: {
    readonly url: string;
    readonly features: FeatureStore;
    readonly nowUs: () => number;
    readonly signal: AbortSignal;
  },
): Promise<DepthSnapshot> {
  const { url, ...rest } = by;
  const path = `/fapi/v1/depth?symbol=${encodeURIComponent(symbol)}&limit=${LEVELS}`;
  const { text } = await fetchWithin(
    { path, weight: WEIGHT },
    {
      indicator: { url },
      kind: { venue: BINANCE_USDM },
      deadlineMs: ANSWER_DEADLINE_MS,
      ...rest,
    },
  );
  const found = readSnapshot(Buffer.from(text), LEVELS);
  if (typeof found === "string") throw new Error(`the book of ${symbol}: ${found}`);
  return found;
}
