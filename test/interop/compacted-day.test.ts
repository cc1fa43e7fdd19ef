import { createHash } from "node:crypto";
import { readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";
import { compact, newArchive } from "../helpers/bulk-archive.ts";
import { putFile, scanName } from "../helpers/scan-files.ts";
import { execFileSync } from "../helpers/run-program.ts";

const SCRIPT = fileURLToPath(new URL("read_day.py", import.meta.url));
const DAY = "2026-03-25";
const START_S = Date.parse(`${DAY}T08:00:00Z`) / 1_000;

test("pyarrow reads a compacted day: every value, seq and hash of every scan file", async () => {
  const { python } = findToolchain();
  if (python === undefined) throw new Error("there is no Python with pyarrow; run 'npm test'");
  const archive = newArchive();
  try {
    const files: string[] = [];
    for (let at = 1; at <= 2_000; at += 1) {
      const assets = at < 700 ? ["BTCUSDT", "ETHUSDT"] : ["BTCUSDT", "SOLUSDT", "ÄTHER"];
      const encode = createScanEncoder(assets);
      const file = `${DAY}/${scanName(at)}`;
      const bytes = encode({
        scanNumber: at,
        timestampMicros: (START_S + at) * 1_000_000 + 123_456,
        prices: Float64Array.from(assets, (_, asset) => 1 / (at + asset)),
        eigenvalues: Float64Array.from({ length: at % 4 }, (_, value) => 1 / (value + at)),
      });
      putFile(archive, file, bytes, { mtimeS: START_S + at });
      files.push(file);
    }
    utimesSync(join(archive, DAY), START_S, START_S);
    const seqs = () =>
      new Map([[`${DAY}/${scanName(2)}`, { seq: 41, timeUs: (START_S + 2) * 1e6 }]]);
    const written = await compact(archive, DAY, { seqs });
    if (written.kind !== "written") throw new Error(`it is ${written.kind}`);
    const text = execFileSync(python, [SCRIPT, written.file, archive], { encoding: "utf8" });
    expect(JSON.parse(text)).toEqual({
      schema: {
        file: "string",
        file_time: "timestamp[us, tz=UTC]",
        mtime: "timestamp[us, tz=UTC]",
        size: "int64",
        sha256: "fixed_size_binary[32]",
        crc32: "uint32",
        seq: "int64",
        scan_number: "int64",
        timestamp: "timestamp[us, tz=UTC]",
        assets: "dictionary<values=list<item: string not null>, indices=int32, ordered=0>",
        asset_prices: "list<item: double not null>",
        eigenvalues: "list<item: double not null>",
      },
      rows: 2_000,
      files,
      seqs: files.map((_, at) => (at === 1 ? 41 : null)),
      hashes: files.map((file) =>
        createHash("sha256")
          .update(readFileSync(join(archive, file)))
          .digest("hex"),
      ),
      differences: [],
    });
  } finally {
    rmSync(archive, { recursive: true });
  }
});
