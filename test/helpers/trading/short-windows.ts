/** The default strategy's windows, so short that a test can fill them. */
export const SHORT_WINDOWS = {
  shortWindow: 2,
  longWindow: 5,
  normalizeScans: 6,
  droppedScans: 3,
  volatilityScans: 4,
  volatilityRankScans: 10,
  growthScans: 3,
  sigmaScans: 4,
  holdScansMax: 16,
};
