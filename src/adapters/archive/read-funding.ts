/** The funding rates stored beside an archive's days, if any. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../domain/failure.ts";
import { firstAfter } from "../../domain/first-after.ts";
import type { FundingRate } from "../../domain/trading/portfolio/carry.ts";
import { FUNDING_FILE, parseFunding } from "../../wire/backtest/funding-file.ts";

/** Ten years of four-hourly rates of 400 assets. */
const BYTES_MAX = 512 * 1_048_576;

export type ArchiveFunding = {
  /** Settlements after the first and up to the second time, in order. */
  readonly settled: (afterMs: number, toMs: number) => readonly FundingRate[];
  /** The data's hash extended by the settlements up to that time; unchanged where there are none. */
  readonly hashedInto: (dataHash: string, toMs: number) => string;
};

/**
 * A sweep passes over its archive in many waves: the file is read for the first one, and again when it has changed.
 */
let lastRead: { readonly file: string; readonly rates: readonly FundingRate[] } | null = null;

/** Settlements from that time on. @throws {Error} that names the file when it can't be read. */
export function openFunding(archive: string, fromMs: number): ArchiveFunding {
  const rates = readFunding(archive);
  const settled = (afterMs: number, toMs: number): readonly FundingRate[] =>
    rates.length === 0
      ? rates
      : rates.slice(
          firstAfter(rates, Math.max(fromMs, afterMs), timeOf),
          firstAfter(rates, toMs, timeOf),
        );
  return {
    settled,
    hashedInto(dataHash, toMs) {
      const used = settled(-Infinity, toMs);
      if (used.length === 0) return dataHash;
      const hash = createHash("sha256").update(dataHash);
      for (const { asset, atMs, rate } of used) hash.update(`${asset} ${atMs} ${rate}\n`);
      return hash.digest("hex");
    },
  };
}

function readFunding(archive: string): readonly FundingRate[] {
  const path = join(archive, FUNDING_FILE);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  const file = [path, found.ino, found.size, found.mtimeMs, found.ctimeMs].join(" ");
  if (lastRead?.file === file) return lastRead.rates;
  try {
    if (BYTES_MAX < found.size) throw new Error(`${found.size} bytes, at most ${BYTES_MAX}`);
    const rates = parseFunding(readFileSync(path, "utf8"));
    lastRead = { file, rates };
    return rates;
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`, { cause: error });
  }
}

function timeOf({ atMs }: FundingRate): number {
  return atMs;
}
