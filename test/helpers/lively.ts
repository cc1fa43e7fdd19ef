/** Settings of a trader that trades early and often. */

/** Windows of a few scans and a threshold that is passed often: trades soon and many. */
export const LIVELY_BOOK = {
  parameters: {
    shortWindow: 2,
    longWindow: 4,
    normalizeScans: 5,
    droppedScans: 0,
    volatilityScans: 3,
    volatilityRankScans: 5,
    volatilityQuantile: 0.1,
    growthScans: 2,
    sigmaScans: 3,
    threshold: 0.002,
    holdScansMax: 3,
  },
  partial_share: 0.3,
  reject_share: 0.1,
  limits: { entries_per_minute_max: 1_000_000, daily_loss_max: 1, drawdown_max: 1 },
};

/** With a snapshot soon and often, too; no machine is so busy that a scan or a posture grows old. */
export const LIVELY = {
  ...LIVELY_BOOK,
  snapshot_events: 40,
  age_budgets_s: { scan: 3_600, posture: 3_600 },
};
