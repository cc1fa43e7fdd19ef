import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { adviceText } from "../../../src/cli/indicators/indicators-text.ts";
import type { ScanChunk } from "../../../src/domain/backtest/backtest-run.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { adviseOnFactors, factorsOf } from "../../../src/operations/indicators/factor-advisor.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { putChunk } from "../../helpers/trading/archive-of-chunk.ts";

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.parse("2025-06-02T00:00:00Z") / DAY_MS;
const DAYS = 121;
const ASSETS = ["AAA", "BBB"];
const dir = makeTemporaryDirectory("advice");
afterAll(() => removeTemporaryDirectory(dir));

/** Two scans a day; returns are chance, and more on days of this weekday. */
function archiveWith(name: string, weekday: number | null): string {
  const random = seededRandom(5);
  const count = 2 * DAYS;
  const timesMs = Float64Array.from({ length: count }, (_, row) => {
    return (FIRST_DAY + Math.floor(row / 2)) * DAY_MS + (row % 2 === 0 ? 1 : 80_000_000);
  });
  const prices = new Float64Array(count * ASSETS.length);
  let price = 100;
  for (let row = 0; row < count; row += 1) {
    const day = FIRST_DAY + Math.floor(row / 2);
    const planted = (day + 4) % 7 === weekday ? 0.03 : 0;
    if (row % 2 === 1) price *= Math.exp((random.uniform() - 0.5) * 0.02 + planted);
    prices[2 * row] = price;
    prices[2 * row + 1] = 7 * price;
  }
  const chunk: ScanChunk = {
    assets: ASSETS,
    count,
    timesMs,
    prices,
    eigenvalues: Float64Array.from({ length: count }, () => 1),
    eigenvalueCount: 1,
    carried: new Float64Array(0),
  };
  const archive = join(dir, name);
  putChunk(archive, chunk);
  return archive;
}

async function adviceOn(archive: string) {
  const range = { archive, from: null, to: null };
  return adviseOnFactors(range, { permutations: 999, seed: 1, onProblem: () => {} });
}

test("of an archive without one it says that no edge is shown", async () => {
  const advice = await adviceOn(archiveWith("chance", null));
  expect(advice).toMatchObject({ days: DAYS - 1, why: null, from: "2025-06-03" });
  expect(adviceText(advice)).toContain("\nno edge shown (120 days from 2025-06-03");
});

test("of an archive with one it names the factor, the group and its size", async () => {
  const advice = await adviceOn(archiveWith("planted", 1));
  const [found] = advice.factors.filter(({ verdict }) => verdict === "edge shown");
  expect(found).toMatchObject({ name: "weekday", best: { group: "Monday" } });
  expect(found?.best?.mean).toBeGreaterThan(0.025);
  expect(adviceText(advice)).toContain("\nedge shown: weekday (");
});

test("the groups of a day are those of its noon", () => {
  // The full moon of 2025-06-11 07:44 UTC; Mercury was retrograde from 2025-07-18 on.
  const days = ["2025-06-11", "2025-07-25"].map((day) => Date.parse(day) / DAY_MS);
  const factors = factorsOf(days).map(({ name, groups, labels }) => [
    name,
    labels[groups[0]!],
    labels[groups[1]!],
  ]);
  expect(factors).toContainEqual(["moon_phase", "full", "new"]);
  expect(factors).toContainEqual(["mercury_retrograde", "no", "yes"]);
  expect(factors).toContainEqual(["sun_longitude", "Gemini", "Leo"]);
  expect(factors).toContainEqual(["weekday", "Wednesday", "Friday"]);
});
