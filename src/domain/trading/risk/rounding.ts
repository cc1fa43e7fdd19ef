/** Rounds quantities to whole lots and prices to whole ticks, always to the trader's disadvantage. */

/** A quotient of doubles within rounding error of a whole number counts as whole. */
const SLACK = Number.EPSILON * 4;
const WHOLE_WITHIN = 1e-9;

/** Never above the value. */
export function stepsDown(value: number, step: number): number {
  return multipleOf(Math.floor((value / step) * (1 + SLACK)), step);
}

/** Never below the value. */
export function stepsUp(value: number, step: number): number {
  return multipleOf(Math.ceil((value / step) * (1 - SLACK)), step);
}

/** Where the step is one over a whole number, divides by that number: 3 x 0.1 is not 0.3, 3 / 10 is. */
function multipleOf(count: number, step: number): number {
  const inverse = 1 / step;
  const whole = Math.round(inverse);
  return Math.abs(inverse - whole) < WHOLE_WITHIN * inverse ? count / whole : count * step;
}
