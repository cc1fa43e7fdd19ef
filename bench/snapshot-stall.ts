/**
 * How long a snapshot blocks the trader's thread, and how long a restore takes: windows of look-back x assets, full of
 * prices. Each size in its own process, with the trader's heap.
 *     node bench/snapshot-stall.ts [--json]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SERVICES } from "../src/domain/supervision/services.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { benchOptions, report } from "./harness/options.ts";

endWithBench();

const SIZES = [
  [750, 400],
  [2_880, 400],
  [17_280, 50],
] as const;

const options = benchOptions();
const dir = mkdtempSync(join(tmpdir(), "dolphin-stall-"));
const rows: Record<string, Record<string, number>> = {};
try {
  for (const [lookBack, assets] of SIZES) {
    const { nodeArgs } = SERVICES["trader-blue"];
    const script = join(import.meta.dirname, "harness/snapshot-process.ts");
    const args = [...nodeArgs, script, String(lookBack), String(assets), dir];
    rows[`${lookBack} scans x ${assets} assets`] = JSON.parse(
      execFileSync(process.execPath, args, { encoding: "utf8" }),
    );
  }
} finally {
  rmSync(dir, { recursive: true });
}
report(options, { title: "snapshot, milliseconds and MB", rows }, rows);
