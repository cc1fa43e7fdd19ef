/**
 * The main thread of the scan bridge: it beats, logs and answers signals; the pump thread does the
 * work, and may hang with the archive without taking the process along.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { type Logger, createLogger } from "../../adapters/logger.ts";
import { type Config, ConfigError, loadConfig } from "../../config.ts";
import { BEAT_INTERVAL_MS } from "../../wire/control-pipe.ts";
import { type ControlLink, openControlLink } from "../control-link.ts";
import {
  EXIT_CONFIGURATION,
  EXIT_FAILED,
  type MainMessage,
  NO_FACTS,
  type PumpMessage,
  type PumpReportMessage,
  type PumpSettings,
} from "./pump-messages.ts";

/** Without a sign of life of the pump for this long, the archive hangs. */
const HUNG_AFTER_MS = 5_000;
/** A pump that hangs is not waited for at the end. */
const STOP_WAIT_MS = 8_000;
/** `alive` is counted up by the pump while no file operation holds it. */
export function runBridge(pump: Worker, alive: Int32Array): void {
  const config = configOrExit();
  const settings = settingsFrom(config);
  const start: MainMessage = { kind: "start", settings };
  pump.postMessage(start);
  const logger = createLogger({
    file: join(config.data_dir, "logs", "scan-bridge.log"),
    name: "scan-bridge",
    level: config.log.level,
    rotateMb: config.log.rotate_mb,
    rotateFiles: config.log.rotate_files,
  });
  logger.info(`[Bridge] starting as ${settings.instance}`);
  supervisePump({ pump, logger, link: openControlLink(), alive });
}

function supervisePump(of: {
  readonly pump: Worker;
  readonly logger: Logger;
  readonly link: ControlLink;
  readonly alive: Int32Array;
}): void {
  const { pump, logger, link, alive } = of;
  let report: PumpReportMessage | null = null;
  let isStopping = false;
  let seen = 0;
  let seenMs = monotonicMs();
  let isHung = false;

  const end = (exitCode: number, line: string): void => {
    logger[exitCode === 0 ? "info" : "error"](`[Bridge] ${line}`);
    logger.close();
    // A thread stuck in the kernel would hold an orderly exit for ever.
    if (isHung) process.kill(process.pid, "SIGKILL");
    process.exit(exitCode);
  };
  const stop = (why: string): void => {
    if (isStopping) return;
    isStopping = true;
    logger.info(`[Bridge] stopping: ${why}`);
    pump.postMessage({ kind: "stop" });
    setTimeout(() => end(0, "stopped without the pump"), isHung ? 0 : STOP_WAIT_MS);
  };
  const lookAtPump = (): void => {
    const count = Atomics.load(alive, 0);
    const nowMs = monotonicMs();
    if (count !== seen) {
      seen = count;
      seenMs = nowMs;
    }
    const was = isHung;
    isHung = HUNG_AFTER_MS < nowMs - seenMs;
    if (isHung && !was) logger.error("[Bridge] archive hung: a file operation does not return");
    if (!isHung && was) logger.info("[Bridge] the archive answers again");
  };
  pump.on("message", (message: PumpMessage) => {
    switch (message.kind) {
      case "journal-open":
        link.ready();
        break;
      case "report":
        report = message;
        break;
      case "log":
        logger[message.level](message.line);
        link.log(message.line);
        break;
      case "end":
        end(message.exitCode, message.line);
        break;
    }
  });
  pump.on("error", (error) => end(EXIT_FAILED, `pump failed: ${error.stack ?? error.message}`));
  pump.on("exit", (code) => end(EXIT_FAILED, `pump ended with code ${code}`));
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  link.onClosed(() => stop("the supervisor is gone"));
  setInterval(() => {
    lookAtPump();
    const counters = { log_dropped: logger.dropped(), ...report?.counters };
    const told = report?.facts ?? null;
    const facts = isHung ? { ...(told ?? NO_FACTS), archive: "hung" as const } : told;
    link.beat({ state: isHung ? "archive hung" : (report?.state ?? "starting"), facts, counters });
  }, BEAT_INTERVAL_MS);
}

function settingsFrom(config: Config): PumpSettings {
  return {
    archive: config.archive,
    journalFile: join(config.data_dir, "journal", "scan-bridge.db"),
    instance: `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`,
    startedUs: wallMicros(),
    hazelcast: config.hazelcast,
    bridge: config.scan_bridge,
  };
}

function configOrExit(): Config {
  try {
    return loadConfig({ env: process.env, cwd: process.cwd() }).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`scan-bridge: ${error.message}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
}
