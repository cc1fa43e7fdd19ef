import { rmSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { toFile } from "../../src/adapters/piece-sink/piece-sink.ts";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { projectionPath } from "../../src/operations/event-log/event-log-maintenance.ts";
import { scanRows } from "../../src/operations/export/scan-rows.ts";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";
import { arrowOf } from "../../src/wire/export/arrow-table.ts";
import { EXPORTS } from "../../src/wire/export/columns.ts";
import { compact, newArchive } from "../helpers/bulk-archive.ts";
import { execFileSync } from "../helpers/run-program.ts";
import { putFile } from "../helpers/scan-files.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { journaledScan, writeTracedBook } from "../helpers/trading/traced-book.ts";

const SCRIPT = fileURLToPath(new URL("../../examples/notebook/read_export.py", import.meta.url));
const DAY = "2026-03-25";
const SCANS = 60;
const PERIOD_MS = 5_000;

test("the example reads an export beside a compacted day with pyarrow, joined by seq", async () => {
  const { python } = findToolchain();
  if (python === undefined) throw new Error("there is no Python with pyarrow; run 'npm test'");
  const archive = newArchive();
  const dataDir = makeTemporaryDirectory("interop-export");
  try {
    writeTracedBook({ dataDir, scans: SCANS, periodMs: PERIOD_MS });
    const encode = createScanEncoder(["BTCUSDT", "ETHUSDT"]);
    const seqs = new Map<string, { readonly seq: number; readonly timeUs: number }>();
    for (let seq = 1; seq <= SCANS; seq += 1) {
      const { file, mtimeUs, timeUs } = journaledScan(seq, PERIOD_MS);
      const bytes = encode({
        scanNumber: seq,
        timestampMicros: mtimeUs,
        prices: Float64Array.of(100 + seq / 7, 10),
        eigenvalues: Float64Array.of(1.5, 0.5),
      });
      putFile(archive, file, bytes, { mtimeS: mtimeUs / 1e6 });
      seqs.set(file, { seq, timeUs });
    }
    const foldersTimeS = journaledScan(SCANS, PERIOD_MS).mtimeUs / 1e6;
    utimesSync(join(archive, DAY), foldersTimeS, foldersTimeS);
    const written = await compact(archive, DAY, { seqs: () => seqs });
    if (written.kind !== "written") throw new Error(`it is ${written.kind}`);
    const journal = join(dataDir, "journal", "scan-bridge.db");
    const rows = scanRows(
      { journal, projection: projectionPath(dataDir) },
      { sinceUs: 0, untilUs: Number.MAX_SAFE_INTEGER },
    );
    const exported = join(dataDir, "scans.arrow");
    await toFile(exported)(arrowOf({ columns: EXPORTS.scans, rows }));
    // As its first lines say: the day's name without the hash.
    const day = join(dirname(written.file), DAY);
    const output = execFileSync(python, [SCRIPT, exported, day, "BTCUSDT"], { encoding: "utf8" });
    const { outcomes, ...rest } = JSON.parse(output);
    expect(rest).toEqual({
      columns: EXPORTS.scans.map(({ name }) => name),
      scans: SCANS,
      first_price: 100 + 1 / 7,
      last_price: 100 + SCANS / 7,
      lag_ms_p50: 1.7,
    });
    expect(outcomes.entered).toBeGreaterThan(1);
    const counts: number[] = Object.values(outcomes);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(SCANS);
  } finally {
    rmSync(archive, { recursive: true });
    removeTemporaryDirectory(dataDir);
  }
});
