/** A request that can't be fulfilled: trying again would not help. */
export class BacktestRefused extends Error {
  override readonly name = "BacktestRefused";
}

/** No scans, or too few days: an error of a person who chose the range, but a normal result for a schedule. */
export class NothingToRunOn extends BacktestRefused {}
