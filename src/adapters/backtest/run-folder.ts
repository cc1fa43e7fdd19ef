/**
 * Where a run's files lie. Each is written beside its name and renamed when it is whole, the report
 * last: a folder with a report is a finished run.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Trade } from "../../domain/trading/orders.ts";
import { tradeLine, tradesHeader } from "../../wire/tear-sheet/trades-csv.ts";

export const REPORT_FILE = "report.json";
export const TRADES_FILE = "trades.csv";
export const SHEET_FILE = "tear-sheet.html";

const BUFFER_CHARACTERS = 65_536;

export type TradesFile = {
  add(trade: Trade): void;
  /** The file has its name from here on. */
  finish(): void;
  discard(): void;
};

export function openTradesFile(folder: string, inputs: readonly string[]): TradesFile {
  mkdirSync(folder, { recursive: true });
  const staging = join(folder, `${TRADES_FILE}.tmp`);
  const descriptor = openSync(staging, "w");
  let buffer = tradesHeader(inputs);
  let isOpen = true;
  const flush = (): void => {
    writeSync(descriptor, buffer);
    buffer = "";
  };
  const close = (): void => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    add(trade) {
      buffer += tradeLine(trade, inputs);
      if (BUFFER_CHARACTERS < buffer.length) flush();
    },
    finish() {
      flush();
      close();
      renameSync(staging, join(folder, TRADES_FILE));
    },
    discard() {
      close();
      rmSync(staging, { force: true });
    },
  };
}

export function writeWhole(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
  return path;
}
