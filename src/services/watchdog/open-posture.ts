/** Opens the inputs and outputs of the posture: its state, its sources, its destinations. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { createThinClient } from "../../adapters/hazelcast/thin-client.ts";
import { openPostureFile, safetyFolder } from "../../adapters/safety/posture-file.ts";
import {
  createForewarnReader,
  createHealthReader,
  createTellTrader,
} from "../../adapters/safety/safety-readers.ts";
import { settingsText } from "../../adapters/safety/settings-file.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { fieldsOf } from "../../wire/safety/kept-posture.ts";
import { WATCHDOG } from "../../wire/safety/safety-control.ts";
import type { WatchdogSettings } from "../../wire/safety/watchdog-settings.ts";
import { encodePosture, SAFETY_KEY, SAFETY_MAP } from "../../wire/safety/posture-value.ts";
import type { SaySmall } from "../shell/small-service.ts";
import { PostureLoop } from "./posture-loop.ts";

/** A healthy trader answers in milliseconds; on a busy machine it takes longer, but is not dead. */
const TRADER_WITHIN_MS = 1_000;
const HAZELCAST_WITHIN_MS = 1_000;

export function readSettings(path: string): WatchdogSettings {
  const settings: unknown = JSON.parse(settingsText(path, process.env));
  if (!isSettings(settings)) throw new Error(`another version of DOLPHIN wrote ${path}`);
  return settings;
}

/** Written by the same release, a moment ago. */
function isSettings(value: unknown): value is WatchdogSettings {
  return fieldsOf(value)["version"] === 1;
}

export function openPosture(settings: WatchdogSettings, say: SaySmall) {
  const client = createThinClient({
    ...settings.hazelcast,
    name: WATCHDOG,
    deadlineMs: HAZELCAST_WITHIN_MS,
  });
  const { data_dir: dataDir, trader, book, initial, rules, isHealthWanted } = settings;
  const isUsed = existsSync(join(dataDir, "journal", "trading", book));
  const file = openPostureFile(safetyFolder(dataDir), { initial, isUsed });
  const found = file.read();
  say("info", `starting as pid ${process.pid}; ${found.how}`);
  const loop = new PostureLoop({
    found,
    rules,
    isTraderWanted: trader.isWanted,
    isHealthWanted,
    tellTrader: createTellTrader(dataDir, trader.service, TRADER_WITHIN_MS),
    readHealth: createHealthReader(dataDir),
    readForewarn: createForewarnReader(dataDir, book),
    publish: ({ posture, entries, reasons }) => {
      const value = { posture, entries, reasons, source: WATCHDOG, atUs: wallMs() * US_PER_MS };
      return client.set(SAFETY_MAP, SAFETY_KEY, encodePosture(value));
    },
    save: (kept, at) => file.save(kept, at),
    audit: (line) => file.audit(line),
    now: () => ({ monotonicMs: monotonicMs(), wallMs: wallMs() }),
    say,
  });
  return { loop, close: () => client.close() };
}
