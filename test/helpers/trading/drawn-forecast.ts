/** A forecast of BLUE as the forewarner stores it, from trades drawn with a seed. */
import { forecast, FOREWARN_VERSION } from "../../../src/domain/forewarn/forecast.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { isoFromMs, MS_PER_DAY, msFromIso } from "../../../src/domain/time.ts";
import { storeForewarning } from "../../../src/operations/forewarn/forewarn-file.ts";
import type { ForewarnRecord } from "../../../src/wire/forewarn/forewarn-record.ts";

/** @param deviation of the trades' returns: 0.0005 is calm, 0.05 ruins the book */
export function drawnForecast(
  asOfMs: number,
  deviation: number,
  over: Partial<ForewarnRecord> = {},
): ForewarnRecord {
  const random = seededRandom(2);
  const trades = Array.from({ length: 120 }, () => {
    return { netReturn: deviation * random.normal(), regime: "" };
  });
  const made = forecast({
    trades,
    regime: null,
    market: null,
    tradesPerDay: 40,
    horizonDays: 1,
    peak: 1,
    dayStart: 1,
    limits: { dailyLossMax: 0.05, drawdownMax: 0.2 },
    paths: 500,
    seed: 1,
  });
  const { verdict, reason, breach, meanBlock, envelope } = made;
  return {
    version: FOREWARN_VERSION,
    book: "BLUE",
    as_of: isoFromMs(asOfMs),
    horizon_end: isoFromMs(asOfMs + MS_PER_DAY),
    seed: 1,
    data_hash: "0",
    paths: 500,
    verdict,
    reason,
    weight: 0.5,
    breach,
    trades: trades.length,
    trades_per_day: 40,
    market: { regime: null, days: 0, step_s: null },
    drawdown_limit_at: 0.8,
    capital: 10_000,
    mean_block: meanBlock,
    conditioned_on: null,
    envelope: [...envelope],
    calibration: { outcomes: 25, said: 0.1, came: 0.12, evidence: 1.4 },
    ...over,
  };
}

/** Where the watchdog and the pages read it. */
export function storeForecast(dataDir: string, record: ForewarnRecord): void {
  storeForewarning(dataDir, { record, outcomes: [] }, msFromIso(record.as_of));
}
