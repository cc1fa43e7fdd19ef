import { expect, test } from "vitest";
import { forecast } from "../../src/domain/forewarn/forecast.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { fanChart } from "../../src/reports/forewarn/fan-chart.ts";
import { forewarnCard } from "../../src/reports/forewarn/forewarn-card.ts";
import { WIDE } from "../../src/reports/plot.ts";
import { tearSheet } from "../../src/reports/tear-sheet.ts";
import { shortOver } from "../helpers/trading/short-run.ts";

const { record, pictures } = shortOver([100, 99, 98, 99, 97]);

/** The same run, as if it had made these trades. */
function withTrades(returns: readonly number[], tradeStride = 1) {
  const [first] = pictures.trades;
  let before = record.settings.capital;
  const trades = returns.map((share, nth) => {
    const pnl = share * before;
    before += pnl;
    return { ...TRADE, ...first, pnl, exitedAtMs: nth };
  });
  return { ...pictures, trades, tradeStride };
}

const TRADE = {
  positionId: "",
  asset: "BTCUSDT",
  direction: "long",
  quantity: 1,
  entryPrice: 100,
  exitPrice: 100,
  entrySeq: 1,
  exitSeq: 2,
  enteredAtMs: 0,
  heldScans: 1,
  exitReason: "take_profit",
  fees: 0,
  maxAdverse: 0,
  maxFavourable: 0,
  signal: 0,
  posture: "APEX",
  ages: [],
  plan: { takeProfit: 1, stopLoss: 1, holdScansMax: 1, bucket: "calm" },
} as const;

function variedBy(deviation: number): readonly number[] {
  const random = seededRandom(2);
  return Array.from({ length: 120 }, () => deviation * random.normal());
}

test("a tear sheet draws what may come, and says how likely a loss limit is reached", () => {
  const calm = forewarnCard(record, withTrades(variedBy(0.0005)));
  expect(calm).toContain('<path class="fan"');
  expect(calm).toContain("clear");
  expect(calm).not.toMatch(/NaN|Infinity|undefined/);
  expect(forewarnCard(record, withTrades(variedBy(0.05)))).toContain("warn");
  expect(forewarnCard(record, withTrades(variedBy(0.0005)))).toBe(calm);
  expect(tearSheet(record, withTrades(variedBy(0.05)))).toContain("Forecast for");
});

test.each([
  ["too few trades", withTrades([0.01, -0.01]), "2 trades are known, at least 30 are needed"],
  ["a ruin", withTrades([...variedBy(0.01), -1.5]), "lost everything, so no forecast is possible"],
  ["a sample of the trades", withTrades(variedBy(0.01), 2), "from every 2th trade only"],
])("%s are reported in words, without a picture", (_, shown, why) => {
  const card = forewarnCard(record, shown);
  expect(card).toContain(why);
  expect(card).not.toContain("<svg");
});

test("a fan begins at the present equity and shows the limit however far away it is", () => {
  const { envelope } = forecast({
    trades: variedBy(0.01).map((netReturn) => ({ netReturn, regime: "" })),
    regime: null,
    market: null,
    tradesPerDay: 10,
    horizonDays: 3,
    peak: 1,
    dayStart: 1,
    limits: { dailyLossMax: 0.05, drawdownMax: 0.2 },
    paths: 200,
    seed: 1,
  });
  const svg = fanChart(WIDE, envelope, [0.2]);
  expect(svg.match(/class="limit"/g)).toHaveLength(1);
  expect(svg).toContain("-80%");
});
