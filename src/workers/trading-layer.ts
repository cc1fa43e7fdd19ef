/** What the worker of the trader layer adds: the activities' world, and the loop that empties the outboxes. */
import { setTimeout as delay } from "node:timers/promises";
import { createPaperDayActivities } from "../activities/trading/paper-day.ts";
import { createTradingActivities } from "../activities/trading/trading.ts";
import { wallMs } from "../adapters/clock.ts";
import { supervisedStatus } from "../adapters/run-view.ts";
import { createAskBook, viewOf } from "../adapters/session/ask-book.ts";
import { driftInProcess, replayInProcess } from "../adapters/session/replay-process.ts";
import { tellSession } from "../adapters/session/session-client.ts";
import { TradeOutbox } from "../adapters/session/trade-outbox.ts";
import { commandService } from "../adapters/supervisor-commands.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import { tradingRoot } from "../adapters/trading-journal/segments/segment-files.ts";
import type { Config } from "../config.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";

const BOOKS = ["BLUE", "GREEN"] as const;
/** At most one message a book in this time. */
const TELL_EVERY_MS = 1_000;

export type TradingLayerOptions = {
  readonly config: Config;
  readonly temporal: TemporalClient;
  /** Of the services: a replay reads the configuration that the trader read. */
  readonly env: NodeJS.ProcessEnv;
  readonly services: Readonly<Record<string, ServiceSpec>>;
};

export function tradingActivities({ config, temporal, env, services }: TradingLayerOptions) {
  const askBook = createAskBook(config.data_dir);
  const trading = createTradingActivities({
    askBook,
    viewOf,
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
      return outcome.kind === "done" ? outcome.status : null;
    },
    tellSession: (book, day) => tellSession(temporal, book, day),
    replayDay: (book, day, signal) => replayInProcess({ book, day, signal, env }),
    measureDrift: (book, day, signal) => driftInProcess({ book, day, signal, env }),
  });
  return { ...trading, ...paperDay };
}

export type Outboxes = { stop(): Promise<void> };

/** Tells sessions of trades until it is stopped; a book without a trader on this host is silent. */
export function tellTrades(options: {
  readonly config: Config;
  readonly temporal: TemporalClient;
  readonly tell: (line: string) => void;
}): Outboxes {
  const { config, temporal, tell } = options;
  const stopping = new AbortController();
  const loops = BOOKS.map(async (book) => {
    const outbox = new TradeOutbox({
      temporal,
      askBook: createAskBook(config.data_dir),
      root: tradingRoot(config.data_dir),
      book,
      nowMs: wallMs,
      say: tell,
    });
    while (!stopping.signal.aborted) {
      await outbox.tick();
      await delay(TELL_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}
