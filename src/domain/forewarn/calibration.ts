/**
 * Whether forecasts may be believed: a sequential test that may be looked at after each outcome
 * without being fooled by looking often. A bettor who pays what the forecasts ask gains on average
 * nothing while they are right; whoever doubts them bets against them, and his wealth is the evidence.
 */

/** What was said with which probability, and whether it came true; forecasts do not overlap in time. */
export type ForecastOutcome = { readonly probability: number; readonly came: boolean };

export type Calibration = {
  readonly outcomes: number;
  /** Mean of what was said, and share of what came true; null before the first. */
  readonly said: number | null;
  readonly came: number | null;
  /** The doubter's wealth from 1 on: at 20 right forecasts are refuted wrongly once in 20 at most, ever. */
  readonly evidence: number;
  /** From 0 (not to be believed, or not yet) to 1. */
  readonly weight: number;
};

/** Fewer outcomes show nothing either way. */
export const OUTCOMES_MIN = 20;
const REFUTED_AT = 20;
/** Parts of the highest stake that cannot lose everything, for and against. */
const STAKES = [-0.75, -0.5, -0.25, 0.25, 0.5, 0.75] as const;
/** What is said as certain can still fail: its bettor must survive that. */
const SURE = 1e-6;

/** @param outcomes in order of time; the evidence is the highest that was ever reached */
export function calibrationOf(outcomes: readonly ForecastOutcome[]): Calibration {
  const count = outcomes.length;
  const wealth = STAKES.map(() => 1);
  let evidence = 1;
  for (const { probability, came } of outcomes) {
    const fair = Math.min(1 - SURE, Math.max(SURE, probability));
    STAKES.forEach((stake, index) => {
      const bet = stake < 0 ? stake / (1 - fair) : stake / fair;
      wealth[index] = (wealth[index] ?? 1) * (1 + bet * ((came ? 1 : 0) - fair));
    });
    evidence = Math.max(evidence, wealth.reduce((sum, each) => sum + each, 0) / STAKES.length);
  }
  const mean = (of: (outcome: ForecastOutcome) => number) =>
    count === 0 ? null : outcomes.reduce((sum, each) => sum + of(each), 0) / count;
  const doubt = Math.log(evidence) / Math.log(REFUTED_AT);
  return {
    outcomes: count,
    said: mean(({ probability }) => probability),
    came: mean(({ came }) => (came ? 1 : 0)),
    evidence,
    weight: count < OUTCOMES_MIN ? 0 : Math.max(0, 1 - doubt),
  };
}
