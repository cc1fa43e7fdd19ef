/**
 * Prices of the simulated venues that follow an archive's newest scan, so that books and indicators agree with what
 * the simulator writes.
 */
import { listDays, namesIn, pathOf } from "../../adapters/archive/list-archive.ts";
import { readScanFile } from "../../adapters/archive/read-scan-file.ts";
import { watchArchive } from "../../adapters/archive/watch-archive.ts";
import { isScanName } from "../../domain/scan/archive-names.ts";
import { readScanColumns } from "../../wire/arrow/read-scan.ts";

export type VenuePrices = {
  /** Null: no price of this symbol yet. */
  readonly of: (symbol: string) => number | null;
  close(): void;
};

const POLL_EVERY_MS = 500;

/** Follows the archive, which need not exist yet. */
export function archivePrices(archive: string): VenuePrices {
  const prices = new Map<string, number>();
  let newest: string | null = null;
  let seen: string | null = null;
  const watch = watchArchive(archive, {
    onName: (day, name) => {
      if (isScanName(name)) newest = `${day}/${name}`;
    },
    onRoot: () => undefined,
  });
  const poll = (): void => {
    const listed = listDays(archive);
    const day = listed.kind === "listed" ? listed.days.at(-1) : undefined;
    if (day !== undefined) watch.watchDays([day]);
    if (day !== undefined && newest === null) newest = newestOf(archive, day);
    if (newest === null || newest === seen) return;
    seen = newest;
    const file = readScanFile(pathOf(archive, newest));
    const found = file.kind === "read" ? readScanColumns(file.bytes) : null;
    if (found?.kind !== "columns") return;
    found.names.names.forEach((name, at) => prices.set(name, found.columns.prices[at]!));
  };
  poll();
  const timer = setInterval(poll, POLL_EVERY_MS).unref();
  return {
    of: (symbol) => prices.get(symbol) ?? null,
    close() {
      clearInterval(timer);
      watch.close();
    },
  };
}

/** By its name, which contains the scan number; null: there is none. */
function newestOf(archive: string, day: string): string | null {
  let newest = "";
  for (const name of namesIn(pathOf(archive, day))) {
    if (isScanName(name) && newest < name) newest = name;
  }
  return newest === "" ? null : `${day}/${newest}`;
}
