/**
 * The upstream engine as its own process: renames simulated scans into place at a rate, and reports at the end when it
 * renamed each, on the monotonic clock that all processes of the machine share.
 */
import { basename } from "node:path";
import { scanFileOf } from "../../src/domain/simulator/plan.ts";
import { createSpectrum, pushPrices } from "../../src/domain/simulator/spectrum.ts";
import { simulatedPrices } from "../../src/cli/simulate/scan-simulation.ts";
import { wallMicros } from "../../src/adapters/clock.ts";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";
import { renameIntoPlace } from "./live-run.ts";
import type { ScanFile } from "./scan-corpus.ts";

export type WriterOrder = {
  readonly archive: string;
  readonly assets: number;
  readonly seed: number;
  /** Scans that were written before: prices and numbers go on from theirs. */
  readonly skip: number;
  readonly count: number;
  readonly rate: number;
};
/** Scan number and microseconds. */
export type WriterReply = readonly (readonly [number, number])[];

const WINDOW_SCANS = 50;

const order: WriterOrder = JSON.parse(process.argv[2] ?? "");
const renamedUs = await renameIntoPlace({ ...order, files: scansOf(order) });
process.send!([...renamedUs] satisfies WriterReply);
process.disconnect();

/** Each is computed before the wait for its turn, so that the turn itself is short. */
function* scansOf({ assets, seed, skip, count }: WriterOrder): Generator<ScanFile> {
  const source = simulatedPrices(assets, seed);
  const spectrum = createSpectrum(assets, WINDOW_SCANS);
  const encode = createScanEncoder(source.assets);
  for (let scanNumber = 1; scanNumber <= skip + count; scanNumber++) {
    const prices = source.next()!;
    const eigenvalues = pushPrices(spectrum, prices);
    if (scanNumber <= skip) continue;
    const timestampMicros = wallMicros();
    const bytes = encode({ scanNumber, timestampMicros, prices, eigenvalues });
    yield { scanNumber, name: basename(scanFileOf(scanNumber, timestampMicros)), bytes };
  }
}
