/**
 * Whether forecasts can be trusted: a sequential test that stays valid although it is looked at after every outcome.
 * A bettor at the odds of the forecasts gains nothing on average while they are right; a sceptic bets against them,
 * and the sceptic's wealth is the evidence (an e-process).
 */

/** A forecast's probability, and whether the event happened; forecasts do not overlap in time. */
export type ForecastOutcome = { readonly probability: number; readonly came: boolean };

export type Calibration = {
  readonly outcomes: number;
  /** Mean forecast probability, and share of events that happened; null before the first. */
  readonly said: number | null;
  readonly came: number | null;
  /** The sceptic's wealth, from 1 on: correct forecasts reach 20 with a probability of at most 1 in 20, ever. */
  readonly evidence: number;
  /** From 0 (do not trust, or too few outcomes) to 1. */
  readonly weight: number;
};

/** Fewer outcomes show nothing either way. */
export const OUTCOMES_MIN = 20;
const REFUTED_AT = 20;
/** Fractions of the largest stake that cannot lose everything, for and against. */
const STAKES = [-0.75, -0.5, -0.25, 0.25, 0.5, 0.75] as const;
/** A forecast of certainty can fail, and its bettor must survive that. */
const SURE = 1e-6;

/** @param outcomes in order of time; the evidence is the highest value ever reached */
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
