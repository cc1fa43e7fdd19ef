import { describe, expect, test } from "vitest";
import {
  calibrationOf,
  type ForecastOutcome,
  OUTCOMES_MIN,
} from "../../../src/domain/forewarn/calibration.ts";
import {
  forecast,
  type ForecastInput,
  type PastTrade,
} from "../../../src/domain/forewarn/forecast.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";

const random = seededRandom(4);

function trades(count: number, deviation: number, regime = "normal"): PastTrade[] {
  return Array.from({ length: count }, () => ({ netReturn: deviation * random.normal(), regime }));
}

function asked(past: readonly PastTrade[], differs: Partial<ForecastInput> = {}): ForecastInput {
  return {
    trades: past,
    regime: null,
    market: null,
    tradesPerDay: 10,
    horizonDays: 5,
    peak: 1,
    dayStart: 1,
    limits: { dailyLossMax: 0.05, drawdownMax: 0.2 },
    paths: 2_000,
    seed: 1,
    ...differs,
  };
}

describe("forecast", () => {
  test("with too few trades says how many are needed, and no figure", () => {
    expect(forecast(asked(trades(29, 0.01)))).toEqual({
      verdict: "unknown",
      reason: "29 trades are known, at least 30 are needed",
      envelope: [],
      breach: null,
      meanBlock: null,
      conditionedOn: null,
      trust: 0,
    });
  });

  test.each([NaN, -1, Infinity])("with a return of %s has no verdict", (netReturn) => {
    const past = [...trades(40, 0.01), { netReturn, regime: "wild" }];
    expect(forecast(asked(past))).toMatchObject({ verdict: "unknown", breach: null });
  });

  test.each([
    [0.001, "clear"],
    [0.007, "watch"],
    [0.03, "warn"],
  ])("trades that vary by %s read %s", (deviation, verdict) => {
    const { envelope, ...rest } = forecast(asked(trades(300, deviation)));
    expect(rest).toMatchObject({ verdict });
    expect(envelope).toHaveLength(20);
    const { quantiles, trades: after } = envelope.at(-1)!;
    expect(after).toBe(50);
    expect(quantiles["q0.05"]).toBeLessThan(quantiles["q0.5"]!);
    expect(quantiles["q0.5"]).toBeLessThan(quantiles["q0.95"]!);
  });

  test("near a limit it warns where far from it it does not", () => {
    const past = trades(200, 0.004);
    const far = forecast(asked(past));
    const near = forecast(asked(past, { peak: 1.22 }));
    expect([far.verdict, near.verdict]).toEqual(["clear", "warn"]);
    expect(near.reason).toContain("% of the paths fall 20.0 % below their peak");
  });

  test("the regime of now is what blocks begin in, where enough trades know it", () => {
    const past = [...trades(200, 0.001, "calm"), ...trades(200, 0.02, "wild")];
    const calm = forecast(asked(past, { regime: "calm" }));
    const wild = forecast(asked(past, { regime: "wild" }));
    expect(calm.conditionedOn).toEqual({ regime: "calm", trades: 200 });
    expect(calm.breach!.either).toBeLessThan(wild.breach!.either);
    expect(forecast(asked(past, { regime: "unheard of" })).conditionedOn).toBeNull();
  });
});

/** A market that is calm for 50 steps, then wild for 50; a trade a step. */
const IN_TURNS = Uint8Array.from({ length: 1_000 }, (_, at) => (at % 100 < 50 ? 0 : 2));

function tradesInTurns(fromStep: number, count: number): PastTrade[] {
  return Array.from({ length: count }, (_, at) => {
    const isCalm = IN_TURNS[(fromStep + at) % IN_TURNS.length] === 0;
    const regime = isCalm ? "calm" : "wild";
    return { netReturn: (isCalm ? 0.002 : 0.02) * random.normal(), regime };
  });
}

/** Forecasts made while the market is calm, of the 100 trades that follow. */
function leavesInTurns(market: ForecastInput["market"]): ForecastOutcome[] {
  return Array.from({ length: 60 }, (_, seed) => {
    const plan = { regime: "calm", market, tradesPerDay: 100, horizonDays: 1, paths: 200, seed };
    const { envelope } = forecast(asked(tradesInTurns(0, 400), plan));
    const { quantiles } = envelope.at(-1)!;
    const after = tradesInTurns(Math.floor(50 * random.uniform()), 100);
    const end = after.reduce((value, { netReturn }) => value * (1 + netReturn), 1);
    return { probability: 0.1, came: end < quantiles["q0.05"]! || quantiles["q0.95"]! < end };
  });
}

describe("along the market's course", () => {
  const market = { path: IN_TURNS, stepsPerDay: 100 };

  test("an envelope covers what it says where regimes change; one that stays in the present regime does not", () => {
    const along = calibrationOf(leavesInTurns(market));
    expect(along.evidence).toBeLessThan(20);
    expect(along.weight).toBeGreaterThan(0);
    expect(calibrationOf(leavesInTurns(null)).weight).toBe(0);
  });

  test("paths begin in the market of now", () => {
    const past = tradesInTurns(0, 400);
    const soon = {
      market,
      tradesPerDay: 5,
      horizonDays: 1,
      limits: { dailyLossMax: 0.05, drawdownMax: 0.03 },
    };
    const quick = { ...soon, market: { ...market, stepsPerDay: 5 } };
    const [calm, wild] = ["calm", "wild"].map((regime) =>
      forecast(asked(past, { ...quick, regime })),
    );
    expect(calm!.conditionedOn).toEqual({ regime: "calm", trades: 200 });
    expect(calm!.trust).toBe(1);
    expect(5 * calm!.breach!.either).toBeLessThan(wild!.breach!.either);
  });

  test("a market in which too few trades were made draws from all, and is trusted half", () => {
    const past = [
      ...trades(100, 0.001, "calm"),
      ...trades(19, 0.02, "wild"),
      ...trades(9, 0.02, ""),
    ];
    const forecasted = forecast(asked(past, { regime: "wild", market }));
    expect(forecasted).toMatchObject({ conditionedOn: null, trust: 0.5 });
    expect(forecasted.breach!.either).toBeGreaterThan(0);
    expect(forecast(asked(past, { regime: "calm", market }))).toMatchObject({ trust: 1 });
  });
});

/** Forecasts of returns from two regimes with known odds: how often the envelope's ends are left. */
function leavesOf(count: number, isForecast: boolean): ForecastOutcome[] {
  const history: PastTrade[] = [];
  const outcomes: ForecastOutcome[] = [];
  for (let at = 0; at < count; at += 1) {
    const regime = at % 2 === 0 ? "calm" : "wild";
    const drawn = trades(20, regime === "calm" ? 0.002 : 0.02, regime);
    if (10 <= at) {
      const plan = {
        regime: isForecast ? regime : null,
        tradesPerDay: 20,
        horizonDays: 1,
        paths: 400,
      };
      const { envelope } = forecast(asked(history.slice(-400), { ...plan, seed: at }));
      const { quantiles } = envelope.at(-1)!;
      const end = drawn.reduce((value, { netReturn }) => value * (1 + netReturn), 1);
      const came = end < quantiles["q0.05"]! || quantiles["q0.95"]! < end;
      outcomes.push({ probability: 0.1, came });
    }
    history.push(...drawn);
  }
  return outcomes;
}

/** Of 400 series of forecasts that say one in ten, while it comes with these odds: how many are refuted. */
function refuted(odds: number): number {
  const series = Array.from({ length: 400 }, () => {
    const outcomes = Array.from({ length: 300 }, () => {
      return { probability: 0.1, came: random.uniform() < odds };
    });
    return calibrationOf(outcomes).evidence;
  });
  return series.filter((evidence) => 20 <= evidence).length;
}

describe("calibration", () => {
  test("nothing is believed before there are enough outcomes", () => {
    const few = Array.from({ length: OUTCOMES_MIN - 1 }, () => ({ probability: 0.1, came: false }));
    expect(calibrationOf(few)).toMatchObject({ outcomes: OUTCOMES_MIN - 1, weight: 0 });
    expect(calibrationOf([])).toMatchObject({ said: null, came: null, evidence: 1, weight: 0 });
  });

  test.each([0, 1])("a probability of %s that fails is survived, and refuted", (probability) => {
    const wrong = Array.from({ length: 30 }, () => ({ probability, came: probability === 0 }));
    expect(calibrationOf(wrong).weight).toBe(0);
    expect(calibrationOf(wrong).evidence).toBeGreaterThan(20);
  });

  test("right forecasts are refuted in no more than one of twenty series, wrong ones in nearly all", () => {
    expect(refuted(0.1)).toBeLessThanOrEqual(20 + 4 * Math.sqrt(20));
    expect(refuted(0.25)).toBeGreaterThan(360);
  });

  test("an envelope that knows the regime covers what it says; one that does not is found out", () => {
    const calibration = calibrationOf(leavesOf(200, true));
    expect(calibration.evidence).toBeLessThan(20);
    expect(calibration.weight).toBeGreaterThan(0);
    // A wild market that is forecast from calm days alone.
    const wild = trades(2_000, 0.02, "wild");
    const { envelope } = forecast(asked(trades(200, 0.002), { tradesPerDay: 20, horizonDays: 1 }));
    const { quantiles } = envelope.at(-1)!;
    const outcomes = Array.from({ length: 100 }, (_, at) => {
      const day = wild.slice(20 * at, 20 * (at + 1));
      const end = day.reduce((value, { netReturn }) => value * (1 + netReturn), 1);
      return { probability: 0.1, came: end < quantiles["q0.05"]! || quantiles["q0.95"]! < end };
    });
    expect(calibrationOf(outcomes).weight).toBe(0);
  });
});
