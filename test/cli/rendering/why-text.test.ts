import { expect, test } from "vitest";
import { decisionLines } from "../../../src/cli/rendering/why-text.ts";
import { explainDecision } from "../../../src/domain/trading/why/explain-decision.ts";
import { DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered, scripted } from "../../helpers/trading/scripted.ts";

test("a refused signal: the reason first, then each rule with its mark, its value and its threshold", () => {
  const { trader, scan, warmUp } = scripted();
  warmUp();
  const afterMs = 25_000;
  expect(scan(3, { afterMs })).toBe("input_old");
  const nowMs = DAY_START_MS + afterMs;
  const event = { ...scanNumbered(3, nowMs), index: trader.nextIndex - 1, nowMs };
  const lines = decisionLines("BLUE", explainDecision(trader, event));
  expect(lines.slice(0, 2)).toEqual([
    "BLUE, scan seq 3 at 2026-03-25T00:00:25Z (event 5): refused, input_old: the last mood is older than its budget",
    "  because: mood is 25 s old, budget 20 s",
  ]);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^ {2}ok {2}posture_old +posture is 25 s old, budget 30 s$/),
      expect.stringMatching(/^ {2}NO {2}input_old +mood is 25 s old, budget 20 s$/),
      expect.stringMatching(
        /^ {2}ok {2}limit_positions +positions with this one 1, must be at most 3$/,
      ),
      expect.stringMatching(
        /^ {2}-- {2}limit_drawdown +0 % of the peak equity is lost, latches at 0.5 %$/,
      ),
    ]),
  );
});
