/** What a dashboard reads, with all servers away. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { safetyFolder } from "../../src/adapters/safety/posture-file.ts";
import { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { loadConfig } from "../../src/config.ts";
import type { Surroundings } from "../../src/dashboard/sources/surroundings.ts";
import { diagnose } from "../../src/domain/health/diagnose.ts";
import { SERVICES } from "../../src/domain/supervision/services.ts";
import { openIncidents } from "../../src/operations/incidents/open-incidents.ts";
import { healthReport } from "../../src/wire/health/health-report.ts";
import { hashOf } from "../../src/wire/scan-hash.ts";
import { GRAPH, sampleWith } from "./health/faulty-world.ts";
import { HOOK, ruleOf } from "./incidents/watching.ts";

/** Nothing listens there: a dashboard must stand on its own and say so. */
export const NOBODY = "127.0.0.1:1";

export function surroundings(
  dataDir: string,
  flags: Readonly<Record<string, unknown>> = {},
  file?: string,
): Surroundings {
  const asked = { data_dir: dataDir, ...flags };
  const loaded = loadConfig({ env: {}, cwd: dataDir, flags: asked, file });
  const { config } = loaded;
  return {
    loaded,
    config,
    up: null,
    status: {
      temporalAddress: NOBODY,
      hazelcast: { address: NOBODY, cluster: "dolphin" },
      dataDir,
      archive: config.archive,
      services: Object.values(SERVICES),
      policy: { restartsMax: 3, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 },
      isWatched: false,
      temporalUi: "http://127.0.0.1:8233",
      dashboard: null,
    },
  };
}

/** One scan of the bridge, a report of health with a cause, an open incident and a log; `text` stands in all of them. */
export function writeSigns(dataDir: string, text: string) {
  for (const name of ["journal", "logs"]) mkdirSync(join(dataDir, name), { recursive: true });
  const journal = new ScanJournal(join(dataDir, "journal", "scan-bridge.db"));
  journal.claimEpoch(1);
  const file = `2026-03-25/${text.replaceAll("/", "_")}.arrow`;
  const row = { seq: 1, epoch: 1, file, hash: hashOf(Buffer.from("1")), scanNumber: 7, size: 1 };
  const times = {
    mtimeUs: 1_000_000,
    seenUs: 1_002_000,
    decodedUs: 1_002_500,
    pushedUs: 1_003_000,
  };
  journal.append([{ ...row, ...times, timeUs: 1, late: false, replayed: false }]);
  journal.close();
  const nowMs = Date.now();
  const sample = { ...sampleWith([{ kind: "upstream" }]), atUs: nowMs * 1_000 };
  const report = healthReport(sample, diagnose(sample, GRAPH));
  writeFileSync(join(dataDir, "meta_health.json"), JSON.stringify(report));
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const rules = [ruleOf({ name: "r", when: "x.on", summary: text })];
  const folder = safetyFolder(dataDir);
  mkdirSync(folder, { recursive: true });
  const incidents = openIncidents({ folder, log, nowMs, rules, channels: [HOOK] });
  incidents.step({ values: { "x.on": true }, roots: [], symptoms: [] }, nowMs + 1_000);
  writeFileSync(join(dataDir, "logs", "a.log"), logLine("error", `bad ${text}`));
  return { report, file };
}

export function logLine(level: string, msg: string): string {
  const time = "2026-03-25T04:00:00.000000+00:00";
  return `${JSON.stringify({ time, level, service: "a", msg })}\n`;
}
