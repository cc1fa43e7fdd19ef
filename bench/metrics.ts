/**
 * The time of a scrape of /metrics, and the size of the page, for a running stack:
 *     bin/dolphin up --demo &   then   node bench/metrics.ts [--data-dir .dolphin] [--scrapes 500]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { UpFile } from "../src/wire/up-file.ts";
import { percentile } from "./harness/statistics.ts";

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string", default: ".dolphin" },
    scrapes: { type: "string", default: "500" },
  },
});
const up = UpFile.parse(JSON.parse(readFileSync(join(values["data-dir"], "up.json"), "utf8")));
if (up.metrics === null || up.metrics === undefined) throw new Error("nobody tells metrics here");

const ms: number[] = [];
let text = "";
for (let at = 0; at < Number(values.scrapes); at += 1) {
  const before = performance.now();
  text = await (await fetch(up.metrics)).text();
  ms.push(performance.now() - before);
  await sleep(10);
}
const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
process.stdout.write(
  `${JSON.stringify({
    bytes: Buffer.byteLength(text),
    series: lines.length,
    ours: lines.filter((line) => line.startsWith("dolphin_")).length,
    scrape_ms: { p50: percentile(ms, 50), p99: percentile(ms, 99) },
  })}\n`,
);
