/**
 * One scan file's bytes as columns: by template, by the fixed layout, or by the general reader in a thread that can
 * be killed.
 */
import { z } from "zod";
import type { InvalidScan } from "../../../domain/scan/scan.ts";
import { microsFromIso } from "../../../domain/scan/timestamp.ts";
import { assert } from "../../../domain/assert.ts";
import type { Incomplete } from "../../../wire/arrow/completeness.ts";
import {
  createGeneralReader,
  type GeneralReader,
  judgedColumns,
  readScanColumns,
} from "../../../wire/arrow/read-scan.ts";
import { createTemplateReader } from "../../../wire/arrow/scan-template.ts";

/** The numbers of a valid scan; the price of an asset that was left out is NaN. */
export type ReadColumns = {
  readonly kind: "columns";
  readonly scanNumber: number;
  readonly timestampUs: number;
  readonly assets: readonly string[];
  readonly prices: Float64Array;
  readonly eigenvalues: Float64Array;
};

export type ColumnReader = {
  /** Synchronous except for other layouts; the numbers may be views into `bytes`. */
  read(
    bytes: Buffer,
  ): ReadColumns | Incomplete | InvalidScan | Promise<ReadColumns | Incomplete | InvalidScan>;
  close(): Promise<void>;
};

const GENERAL_LIMITS = { timeoutMs: 10_000, heapMb: 256 };

const Members = z.object({
  scan_number: z.number(),
  timestamp: z.string(),
  assets: z.array(z.string()),
  asset_prices: z.custom<Readonly<Record<string, number>>>(
    (value) => typeof value === "object" && value !== null,
  ),
  eigenvalues: z.array(z.number()),
  assets_invalid: z.array(z.string()),
});

export function createColumnReader(): ColumnReader {
  const template = createTemplateReader();
  let general: GeneralReader | null = null;
  return {
    read(bytes) {
      const fitting = template.read(bytes);
      const read = fitting === null ? readScanColumns(bytes) : judgedColumns(fitting);
      switch (read.kind) {
        case "columns": {
          if (fitting === null) template.learn(bytes);
          const { invalidPositions, columns } = read;
          if (invalidPositions.length === 0) return { kind: "columns", ...columns };
          const prices = columns.prices.slice();
          for (const position of invalidPositions) prices[position] = Number.NaN;
          return { kind: "columns", ...columns, prices };
        }
        case "needs_general":
          general ??= createGeneralReader(GENERAL_LIMITS);
          return general
            .read(bytes)
            .then((scan) => (scan.kind === "scan" ? columnsFrom(scan.scan.json) : scan));
        case "incomplete":
        case "invalid":
          return read;
      }
    },
    close: async () => general?.close(),
  };
}

/** The general reader's thread returns JSON text with the same doubles; assets left out come last. */
function columnsFrom(members: string): ReadColumns {
  const scan = Members.parse(JSON.parse(`{${members}}`));
  const assets = [...scan.assets, ...scan.assets_invalid];
  const timestampUs = microsFromIso(scan.timestamp);
  assert(timestampUs !== null, "the reader writes ISO-8601");
  return {
    kind: "columns",
    scanNumber: scan.scan_number,
    timestampUs,
    assets,
    prices: Float64Array.from(assets, (asset) =>
      Object.hasOwn(scan.asset_prices, asset) ? scan.asset_prices[asset]! : Number.NaN,
    ),
    eigenvalues: Float64Array.from(scan.eigenvalues),
  };
}
