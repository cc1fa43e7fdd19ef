/**
 * Where a run's files lie. Each is written beside its name and renamed when it is whole, the report
 * last: a folder with a report is a finished run.
 */
import {
  closeSync,
  globSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
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
  const staging = stagingOf(join(folder, TRADES_FILE));
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
      // What a killed run left; one that still writes will miss its file and fail.
      for (const name of globSync(`${TRADES_FILE}.*.tmp`, { cwd: folder })) {
        rmSync(join(folder, name), { force: true });
      }
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
  const staging = stagingOf(path);
  writeFileSync(staging, text);
  renameSync(staging, path);
  return path;
}

/** Of this thread alone: an attempt that is thought dead may still write. */
function stagingOf(path: string): string {
  return `${path}.${process.pid}-${threadId}.tmp`;
}
