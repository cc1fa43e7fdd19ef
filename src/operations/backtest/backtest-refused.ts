/** A question that has no answer: trying again would not help. */
export class BacktestRefused extends Error {
  override readonly name = "BacktestRefused";
}

/** No scans, or too few days: a mistake of who named the range, and none of a schedule. */
export class NothingToRunOn extends BacktestRefused {}
