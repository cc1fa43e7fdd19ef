/** The checks of M5 on scans: ranges, prices against the previous scan, and the order of their numbers. */
import type { SensorPart } from "../sample.ts";
import { US_PER_SECOND } from "../../time.ts";

export type ScanValues = {
  readonly seq: number;
  readonly epoch: number;
  readonly scanNumber: number;
  readonly timestampUs: number;
  readonly bridgeUs: number;
  /** By asset. */
  readonly prices: ReadonlyMap<string, number>;
  /** Number of assets that the scan names. */
  readonly assets: number;
  readonly eigenvalues: readonly number[];
};

/** A larger jump within seconds is rarely a real price. */
const JUMP_MAX = 0.5;
/** Share of assets that may jump, as a newly listed one does. */
const JUMPS_SHARE_MAX = 0.1;
/** Prices that are further apart in time are not compared. */
const COMPARED_S_MAX = 600;

export function senseRanges({ prices, assets, eigenvalues }: ScanValues): SensorPart {
  const subject = "scan ranges";
  const wrong = (says: string): SensorPart => ({ subject, score: 0, says });
  if (assets === 0) return wrong("the latest scan has no assets");
  const odd = [...prices].find(([, price]) => !Number.isFinite(price) || price <= 0);
  if (odd !== undefined) return wrong(`the price of ${odd[0]} is ${odd[1]}`);
  if (prices.size < assets / 2) return wrong(`${prices.size} prices for ${assets} assets`);
  const at = eigenvalues.findIndex(
    (value, index) => !Number.isFinite(value) || (eigenvalues[index - 1] ?? Infinity) < value,
  );
  if (at !== -1) return wrong(`eigenvalue ${at + 1} is ${eigenvalues[at]}, out of order or none`);
  return { subject, score: 1, says: `${prices.size} prices and ${eigenvalues.length} eigenvalues` };
}

/** Empty where there is no previous scan to compare with. */
export function sensePrices(now: ScanValues, before: ScanValues | null): readonly SensorPart[] {
  if (before === null || before.seq === now.seq) return [];
  if (COMPARED_S_MAX < Math.abs(now.timestampUs - before.timestampUs) / US_PER_SECOND) return [];
  let compared = 0;
  let jumped = 0;
  let worst = "";
  for (const [asset, price] of now.prices) {
    const was = before.prices.get(asset);
    // A value that is not a price is reported by the range check.
    if (was === undefined || !(0 < price && 0 < was)) continue;
    compared += 1;
    if (Math.abs(price / was - 1) <= JUMP_MAX) continue;
    jumped += 1;
    worst = `${asset} from ${was} to ${price}`;
  }
  if (compared === 0) return [];
  const isSane = jumped / compared <= JUMPS_SHARE_MAX;
  const says =
    jumped === 0
      ? `${compared} prices go on from the scan before`
      : `${jumped} of ${compared} prices jump by more than ${JUMP_MAX * 100} %: ${worst}`;
  return [{ subject: "scan prices", score: isSane ? 1 : 0, says }];
}

/** Within an epoch `seq` never goes back, and epochs never do; a scan_number may restart. */
export function senseScanOrder(now: ScanValues, before: ScanValues | null): readonly SensorPart[] {
  if (before === null) return [];
  const subject = "scan order";
  const wrong = (says: string) => [{ subject, score: 0, says }];
  if (now.epoch < before.epoch) return wrong(`epoch ${now.epoch} after ${before.epoch}`);
  if (now.epoch === before.epoch && now.seq < before.seq) {
    return wrong(`seq ${now.seq} after ${before.seq}`);
  }
  const isOther = before.seq < now.seq;
  if (isOther && now.scanNumber === before.scanNumber && now.timestampUs === before.timestampUs) {
    return wrong(`scan ${now.scanNumber} again as seq ${now.seq}, after ${before.seq}`);
  }
  return [{ subject, score: 1, says: `seq ${now.seq} after ${before.seq}` }];
}
