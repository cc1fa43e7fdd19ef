/**
 * The encoder of a long-running process: apache-arrow, which takes 10 MB and is only needed once per layout, is
 * loaded in a thread that ends.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import {
  createBlankFiller,
  type ScanBlank,
  type ScanToWrite,
} from "../../wire/arrow/scan-blank.ts";

export type LayoutsWanted = {
  readonly assets: readonly string[];
  readonly eigenvalueCounts: readonly number[];
};

/** For scans with one of these numbers of eigenvalues. @throws when the thread fails. */
export async function createEncoderApart(
  wanted: LayoutsWanted,
): Promise<(scan: ScanToWrite) => Uint8Array> {
  const thread = new Worker(new URL("./lay-out-thread.ts", import.meta.url), {
    workerData: wanted,
  });
  const [blanks]: ScanBlank[][] = await once(thread, "message");
  await thread.terminate();
  return createBlankFiller(wanted.assets, (count) => {
    const blank = blanks?.find(({ eigenvalues }) => eigenvalues.length === count);
    if (blank === undefined)
      throw new Error(`there is no layout for a scan of ${count} eigenvalues`);
    return blank;
  });
}
