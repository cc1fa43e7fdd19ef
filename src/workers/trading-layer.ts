/** The worker of the trader layer: the dependencies of its activities. */
import { createPaperDayActivities } from "../activities/trading/paper-day.ts";
import { createTradingActivities } from "../activities/trading/trading.ts";
import { wallMs } from "../adapters/clock.ts";
import { supervisedStatus } from "../adapters/run-view.ts";
import { createAskBook, bookReportOf } from "../adapters/session/ask-book.ts";
import { tellSession } from "../adapters/session/session-client.ts";
import { runRecordedDayTask } from "../operations/replay/recorded-day-task.ts";
import { commandService } from "../operations/supervision/supervisor-commands.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import { type Config, loadConfig } from "../config.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";

export type TradingLayerOptions = {
  readonly config: Config;
  readonly temporal: TemporalClient;
  /** The services' environment: a replay reads the trader's configuration. */
  readonly env: NodeJS.ProcessEnv;
  readonly services: Readonly<Record<string, ServiceSpec>>;
};

export function tradingActivities({ config, temporal, env, services }: TradingLayerOptions) {
  const askBook = createAskBook(config.data_dir);
  const trading = createTradingActivities({
    askBook,
    viewOf: bookReportOf,
    nowMs: wallMs,
    hasSearchAttributes: () => hasSearchAttributes(temporal),
  });
  const paperDay = createPaperDayActivities({
    askBook,
    nowMs: wallMs,
    describeBook: (book, day) => trading.describeBook(book, day),
    supervisedStatus: (service) => supervisedStatus(temporal, service),
    async startService(service) {
      const spec = services[service];
      if (spec === undefined) throw new Error(`there is no service ${service}`);
      const outcome = await commandService(temporal, spec, "start");
      if (outcome.kind === "refused") throw new Error(`${service}: ${outcome.why}`);
      return outcome.kind === "done" ? outcome.status : null;
    },
    tellSession: (book, day) => tellSession(temporal, book, day),
    runDayTask: (asked, hooks) =>
      runRecordedDayTask({ ...asked, settings: settingsOfServices(env) }, hooks),
  });
  return { ...trading, ...paperDay };
}

/** As a trader that is started now reads them. */
function settingsOfServices(env: NodeJS.ProcessEnv): Config {
  return loadConfig({ env, cwd: process.cwd() }).config;
}
