/** The outboxes of all books' trades. Temporal's client is loaded, with its memory, only once a trader runs here. */
import { existsSync } from "node:fs";
import { messageOf } from "../../domain/failure.ts";
import { BOOKS } from "../../domain/trading/books.ts";
import { traderServiceOf } from "../../workflows/names.ts";
import { controlSocketPath } from "../../adapters/control-socket.ts";
import { tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import type { TradeOutbox } from "./trade-outbox.ts";

export type OutboxesDeps = {
  readonly dataDir: string;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
};

export type OutboxesState =
  /** No trader runs here, and Temporal was never asked. */
  | { readonly kind: "idle" | "well" }
  | { readonly kind: "temporal_away" }
  | { readonly kind: "trouble"; readonly why: string };

export type Outboxes = {
  /** At most one message per book. Never rejects. */
  tick(): Promise<void>;
  standing(): OutboxesState;
  close(): Promise<void>;
};

type Opened = { readonly books: readonly TradeOutbox[]; readonly close: () => Promise<void> };

export function createOutboxes(deps: OutboxesDeps): Outboxes {
  let opened: Opened | null = null;
  let refused: string | null = null;
  const isWanted = (): boolean =>
    BOOKS.some((book) => existsSync(controlSocketPath(deps.dataDir, traderServiceOf(book))));
  return {
    async tick() {
      if (opened === null && !isWanted()) return;
      try {
        opened ??= await open(deps);
        refused = null;
      } catch (error) {
        // Temporal's environment configuration is wrong: the next tick reads it again.
        refused = messageOf(error);
        return;
      }
      await Promise.all(opened.books.map((outbox) => outbox.tick()));
    },
    standing() {
      if (refused !== null) return { kind: "trouble", why: refused };
      if (opened === null) return { kind: "idle" };
      const troubles = opened.books.flatMap(({ trouble }) => trouble ?? []);
      const own = troubles.find(({ isTemporal }) => !isTemporal);
      if (own !== undefined) return { kind: "trouble", why: own.why };
      return { kind: troubles.length === 0 ? "well" : "temporal_away" };
    },
    async close() {
      await opened?.close();
    },
  };
}

async function open({ dataDir, nowMs, say }: OutboxesDeps): Promise<Opened> {
  const [{ TradeOutbox }, { connectTemporal }, { createAskBook }] = await Promise.all([
    import("./trade-outbox.ts"),
    import("../../adapters/temporal-client.ts"),
    import("../../adapters/session/ask-book.ts"),
  ]);
  const temporal = connectTemporal();
  const askBook = createAskBook(dataDir);
  const root = tradingRoot(dataDir);
  const books = BOOKS.map((book) => new TradeOutbox({ temporal, askBook, root, book, nowMs, say }));
  return { books, close: temporal.close };
}
