/**
 * A run's files. Each is written under a temporary name and renamed when complete, the report last: a folder with a
 * report is a finished run.
 */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  globSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { threadId } from "node:worker_threads";
import type { Trade } from "../../domain/trading/orders.ts";
import { tradeLine, tradesHeader } from "../../reports/trades-csv.ts";

export const REPORT_FILE = "report.json";
export const TRADES_FILE = "trades.csv";
export const SHEET_FILE = "tear-sheet.html";
/** Exists while a resumable run is in progress. */
export const CHECKPOINT_FILE = "checkpoint.bin";

const BUFFER_CHARACTERS = 65_536;

export type TradesFile = {
  add(trade: Trade): void;
  /** Syncs the file and returns its present length. */
  mark(): TradesMark;
  /** Renames the file to its final name. */
  finish(): void;
  discard(): void;
  /** Keeps the temporary file, because a mark refers to it. */
  leave(): void;
};

/** The first bytes of a temporary file that an earlier attempt wrote. */
export type TradesMark = { readonly file: string; readonly bytes: number };

/** `mark`: the content to start with; null: only the header. @throws when the marked content is gone. */
export function openTradesFile(
  folder: string,
  inputs: readonly string[],
  mark: TradesMark | null = null,
): TradesFile {
  mkdirSync(folder, { recursive: true });
  const staging = stagingOf(join(folder, TRADES_FILE));
  if (mark !== null) takeOver(join(folder, mark.file), staging, mark.bytes);
  const descriptor = openSync(staging, mark === null ? "w" : "a");
  let buffer = mark === null ? tradesHeader(inputs) : "";
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
    mark() {
      flush();
      return { file: basename(staging), bytes: fstatSync(descriptor).size };
    },
    finish() {
      flush();
      close();
      renameSync(staging, join(folder, TRADES_FILE));
      // Files of killed runs; a run that still writes one will fail.
      for (const name of globSync(`${TRADES_FILE}.*.tmp`, { cwd: folder })) {
        rmSync(join(folder, name), { force: true });
      }
    },
    leave: close,
    discard() {
      close();
      rmSync(staging, { force: true });
    },
  };
}

export function writeRunFile(folder: string, name: string, content: string | Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  const staging = stagingOf(path);
  writeFileSync(staging, content);
  renameSync(staging, path);
  return path;
}

function takeOver(from: string, to: string, bytes: number): void {
  const { size } = statSync(from);
  if (size < bytes) throw new Error(`${from} has ${size} bytes of ${bytes}`);
  if (from !== to) copyFileSync(from, to);
  truncateSync(to, bytes);
}

/** Unique to this thread: an attempt that is considered dead may still write. */
export function stagingOf(path: string): string {
  return `${path}.${process.pid}-${threadId}.tmp`;
}
