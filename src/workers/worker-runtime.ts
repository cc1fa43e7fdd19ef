/** Temporal's runtime in a worker process, installed once: its log goes to ours, its metrics to Prometheus. */
import { DefaultLogger, Runtime } from "@temporalio/worker";
import type { LogEntry, RuntimeOptions } from "@temporalio/worker";
import type { Logger } from "../adapters/logger.ts";

/** Null: no metrics. */
export function installRuntime(log: Logger, metricsPort: number | null): void {
  const logger = new DefaultLogger("INFO", (entry) => writeEntry(log, entry));
  const metrics = { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } };
  const telemetryOptions: RuntimeOptions["telemetryOptions"] = {
    logging: { filter: { core: "WARN", other: "ERROR" }, forward: {} },
    ...(metricsPort === null ? {} : { metrics }),
  };
  // We handle signals ourselves, because they must also end a process that still waits for the server.
  Runtime.install({ logger, telemetryOptions, shutdownSignals: [] });
}

function writeEntry(log: Logger, entry: LogEntry): void {
  const { error, ...meta } = entry.meta ?? {};
  const fields = error instanceof Error ? { ...meta, err: error.stack } : { ...meta };
  const text = `[Temporal] ${entry.message}`;
  switch (entry.level) {
    case "TRACE":
    case "DEBUG":
      log.debug(fields, text);
      return;
    case "INFO":
      log.info(fields, text);
      return;
    case "WARN":
      log.warn(fields, text);
      return;
    case "ERROR":
      log.error(fields, text);
      return;
  }
}
