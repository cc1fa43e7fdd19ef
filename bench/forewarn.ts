/**
 * Time of 10,000 paths of 1,000 steps of the forewarner on one thread, by the mean length of a block: `npm run
 * bench:forewarn -- [--rounds N] [--json]`.
 */
import { simulatePaths } from "../src/domain/forewarn/paths.ts";
import { seededRandom } from "../src/domain/simulator/random.ts";
import { benchOptions, report } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

const PATHS = 10_000;
const STEPS = 1_000;
const TRADES = 500;
const MEAN_BLOCKS = [1, 4, 16];

const options = benchOptions({ rounds: 9 });
const random = seededRandom(1);
const returns = Float64Array.from({ length: TRADES }, () => 0.01 * random.normal());
const starts = Int32Array.from(returns.keys());
const times = new Map<number, number[]>(MEAN_BLOCKS.map((meanBlock) => [meanBlock, []]));
for (let round = 0; round <= options.rounds; round += 1) {
  for (const [meanBlock, ms] of times) {
    const startedMs = performance.now();
    simulatePaths({
      returns,
      starts,
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
