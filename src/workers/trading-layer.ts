/** What the worker of the trader layer adds: the activities' world, and the loop that empties the outboxes. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TradingWorld } from "../activities/trading/trading.ts";
import { wallMs } from "../adapters/clock.ts";
import { createAskBook, viewOf } from "../adapters/session/ask-book.ts";
import { TradeOutbox } from "../adapters/session/trade-outbox.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import type { Config } from "../config.ts";

const BOOKS = ["BLUE", "GREEN"] as const;
/** At most one message a book in this time. */
const TELL_EVERY_MS = 1_000;

export function tradingWorld(config: Config, temporal: TemporalClient): TradingWorld {
  return {
    askBook: createAskBook(config.data_dir),
    viewOf,
    nowMs: wallMs,
    hasSearchAttributes: () => hasSearchAttributes(temporal),
  };
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
      root: join(config.data_dir, "journal", "trading"),
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
