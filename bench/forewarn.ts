/**
 * Time of 10,000 paths of 1,000 steps of the forewarner on one thread, by the mean length of a block, along a course of
 * the market of 90 days in three regimes: `npm run bench:forewarn -- [--rounds N] [--json]`.
 */
import { type RegimePath, simulatePaths } from "../src/domain/forewarn/paths.ts";
import { seededRandom } from "../src/domain/simulator/random.ts";
import { benchOptions, report } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

const PATHS = 10_000;
const STEPS = 1_000;
const TRADES = 500;
/** 90 days by steps of five minutes. */
const COURSE_STEPS = 25_920;
const MEAN_BLOCKS = [1, 4, 16];

const options = benchOptions({ rounds: 9 });
const random = seededRandom(1);
const returns = Float64Array.from({ length: TRADES }, () => 0.01 * random.normal());
/** Each third of the trades begins in a regime of its own. */
const starts = [0, 1, 2].map((regime) =>
  Int32Array.from(returns.keys()).filter((at) => at % 3 === regime),
);
const course = Uint8Array.from({ length: COURSE_STEPS }, (_, at) => Math.floor(at / 40) % 3);
const regimes: RegimePath = {
  path: course,
  origins: Int32Array.from(course.keys()).filter((at) => course[at] === 1),
  advancePerStep: 14.4,
};
const times = new Map<number, number[]>(MEAN_BLOCKS.map((meanBlock) => [meanBlock, []]));
for (let round = 0; round <= options.rounds; round += 1) {
  for (const [meanBlock, ms] of times) {
    const startedMs = performance.now();
    simulatePaths({
      returns,
      starts,
      regimes,
      meanBlock,
      paths: PATHS,
      steps: STEPS,
      stepsPerDay: 20,
      from: { peak: 1, dayStart: 1 },
      checkpoints: [10, 100, STEPS],
      seed: round,
    });
    // The first round compiles.
    if (0 < round) ms.push(performance.now() - startedMs);
  }
}
const rows = Object.fromEntries(
  [...times].map(([meanBlock, ms]) => [
    `blocks of ${meanBlock}`,
    { ms: rounded(median(ms)), ns_a_step: rounded((median(ms) * 1e6) / (PATHS * STEPS)) },
  ]),
);
report(options, { title: `${PATHS} paths of ${STEPS} steps, medians`, rows }, rows);
