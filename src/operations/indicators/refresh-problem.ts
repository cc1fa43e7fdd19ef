/** Why there is no reading: a code for programs, and a sentence. */
import type { ReadingProblem } from "../../domain/indicators/indicator-reader.ts";
import type { HttpFailure } from "../../adapters/http/bounded-fetch.ts";

export type RefreshWhy =
  | ReadingProblem
  | HttpFailure["why"]
  /** Status 429 or 418, or the venue's own code for that. */
  | "rate_limited"
  | "server_error"
  /** Any other refusal by status. */
  | "refused"
  /** Our own budget of the venue is used up for now. */
  | "over_budget"
  /** The venue has said to come later. */
  | "told_to_wait"
  /** Circuit breaker: after consecutive failures it is left alone for a while. */
  | "circuit_open"
  | "hazelcast"
  | "bad_configuration";

/** An immediate retry would fail the same way: the next run asks again. */
const FINAL: readonly RefreshWhy[] = [
  "wrong_shape",
  "out_of_range",
  "bad_time",
  "venue_error",
  "no_such_symbol",
  "bad_address",
  "redirect",
  "too_large",
  "refused",
  "bad_configuration",
];
const OF_SYMBOL: readonly RefreshWhy[] = [
  "wrong_shape",
  "out_of_range",
  "bad_time",
  "venue_error",
  "no_such_symbol",
  "refused",
];

export class RefreshProblem extends Error {
  override readonly name = "RefreshProblem";
  readonly why: RefreshWhy;
  /** No other answer is to be expected before; null: not known. */
  readonly waitMs: number | null;
  constructor(why: RefreshWhy, message: string, waitMs: number | null = null) {
    super(message);
    this.why = why;
    this.waitMs = waitMs;
  }

  get isFinal(): boolean {
    return FINAL.includes(this.why);
  }

  /** It would affect every other symbol, too. */
  get isOfVenue(): boolean {
    return !OF_SYMBOL.includes(this.why);
  }
}
