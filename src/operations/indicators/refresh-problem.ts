/** Why there is no reading: one word that programs go by, and a sentence. */
import type { ReadingProblem } from "../../domain/indicators/indicator-reader.ts";
import type { HttpFailure } from "../../adapters/http/bounded-fetch.ts";

export type RefreshWhy =
  | ReadingProblem
  | HttpFailure["why"]
  /** Status 429 or 418, or the same in the venue's own words. */
  | "rate_limited"
  | "server_error"
  /** Any other status of refusal. */
  | "refused"
  /** Our own budget of the venue is used up for now. */
  | "over_budget"
  /** It has said when to come again, and that is later. */
  | "told_to_wait"
  /** It failed so often in a row that it is left alone for a while. */
  | "circuit_open"
  | "hazelcast"
  | "bad_configuration";

/** The same would come again at once: the next run asks anew. */
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
  /** Before it nothing else is to be expected; null: not told. */
  readonly waitMs: number | null;
  constructor(why: RefreshWhy, message: string, waitMs: number | null = null) {
    super(message);
    this.why = why;
    this.waitMs = waitMs;
  }

  get isFinal(): boolean {
    return FINAL.includes(this.why);
  }

  /** It would meet every other symbol, too. */
  get isOfVenue(): boolean {
    return !OF_SYMBOL.includes(this.why);
  }
}
