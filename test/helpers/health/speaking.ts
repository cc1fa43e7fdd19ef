/** A health service that keeps sampling, as far as metaHealth can see: its report is renewed each second. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { diagnose } from "../../../src/domain/health/diagnose.ts";
import { healthReport } from "../../../src/wire/health/health-report.ts";
import { GRAPH, sampleWith } from "./faulty-world.ts";

const EVERY_MS = 1_000;

export function speakIn(dataDir: string): { stop(): void } {
  const sample = sampleWith([]);
  const text = JSON.stringify(healthReport(sample, diagnose(sample, GRAPH)));
  const file = join(dataDir, "meta_health.json");
  const speak = (): void => {
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  };
  speak();
  const timer = setInterval(speak, EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
