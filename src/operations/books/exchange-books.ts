/**
 * Exchanges the versions of BLUE and GREEN while neither runs: folds both to the end of BLUE's log, exchanges the
 * versions, and writes which book runs which. Invariant: a single rename commits the exchange; a crash before it
 * leaves both books as they were.
 */
import { createComparison } from "../../domain/trading/shadow/comparison.ts";
import { exchangeVersions } from "../../domain/trading/shadow/exchange-versions.ts";
import { createShadow, type Shadow, stepShadow } from "../../domain/trading/shadow/shadow.ts";
import { restoreFrom } from "../../domain/trading/snapshot/snapshot.ts";
import type { Configuration } from "../../wire/configuration.ts";
import {
  type BookConfiguration,
  bookConfiguration,
  type StrategyOf,
} from "../../wire/trading/book-configuration.ts";
import { type BooksFile, settingsOfBook } from "../../wire/trading/books-file.ts";
import { decodeShadow, type ShadowSnapshot } from "../../wire/trading/shadow-snapshot.ts";
import { decodeTraderSnapshot } from "../../wire/trading/trader-snapshot.ts";
import { bookFolder, tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import { latestSnapshot } from "../../adapters/event-log/snapshots.ts";
import { EventLogReader } from "../../adapters/event-log/event-log.ts";
import {
  promotedState,
  readBooksFile,
  writePromotion,
} from "../../adapters/event-log/books/books-store.ts";
import { withBooksLocked } from "../../adapters/event-log/books/lock-books.ts";
import { type BookName, COUNTED_BOOK, SHADOW_BOOK } from "../../domain/trading/books.ts";
import { traderOf } from "../../domain/supervision/services.ts";

export type ExchangeRequest = {
  readonly dataDir: string;
  readonly configuration: Pick<Configuration, "trader" | "green">;
  readonly strategyOf: StrategyOf;
  /** Idempotency key: the same id again has no effect. */
  readonly id: string;
  readonly by: string;
  readonly at: string;
};

export type ExchangeOutcome =
  | { readonly kind: "exchanged"; readonly atIndex: number; readonly strategies: string }
  | { readonly kind: "repeated" }
  | { readonly kind: "refused"; readonly reason: string };

const OTHER_CONFIGURATION =
  "GREEN's state belongs to another configuration: let GREEN run with the present one first";

type Versions = { readonly blue: BookConfiguration; readonly green: BookConfiguration };

/** @throws errors of the journal or the disk; then nothing was changed. */
export function exchangeBooks(request: ExchangeRequest): ExchangeOutcome {
  const { dataDir, id } = request;
  const root = tradingRoot(dataDir);
  return withBooksLocked<ExchangeOutcome>(root, {
    act() {
      const books = readBooksFile(dataDir);
      if (books.promotions.at(-1)?.id === id) return { kind: "repeated" };
      return exchange(request, books, root);
    },
    inUse: (book) => ({ kind: "refused", reason: `the trader of ${book} still runs` }),
  });
}

function exchange(request: ExchangeRequest, books: BooksFile, root: string): ExchangeOutcome {
  const { dataDir, id, by, at } = request;
  const before = versionsOf(request, books);
  const found = newestState(root, dataDir, books);
  if (found === null) {
    const start = `dolphin start ${traderOf(SHADOW_BOOK).name}`;
    const reason = `${SHADOW_BOOK} has no state: '${start}', and let it follow ${COUNTED_BOOK}'s log`;
    return { kind: "refused", reason };
  }
  if (found.blueHash !== before.blue.hash || found.greenHash !== before.green.hash) {
    return { kind: "refused", reason: OTHER_CONFIGURATION };
  }
  const folded = foldToEnd(found, before, root);
  if (folded === null) return { kind: "refused", reason: OTHER_CONFIGURATION };
  const { shadow, index, nowMs } = folded;
  const stranger = differsFromBlue(shadow, index, root);
  if (stranger !== null) return { kind: "refused", reason: stranger };
  const is_exchanged = !books.is_exchanged;
  const after = versionsOf(request, { is_exchanged });
  const exchanged = exchangeVersions(shadow, {
    blue: after.blue.trader,
    green: after.green.trader,
  });
  if (exchanged.kind === "refused") return exchanged;
  const hashes = { blue_hash: after.blue.hash, green_hash: after.green.hash };
  const promotion = { id, at_index: index, at, by, ...hashes };
  const state: ShadowSnapshot = {
    version: 1,
    index,
    nowMs,
    blueHash: after.blue.hash,
    greenHash: after.green.hash,
    ...exchanged.states,
    // The comparison of the previous versions ends here.
    comparison: createComparison(),
  };
  writePromotion(
    dataDir,
    { version: 1, is_exchanged, promotions: [...books.promotions, promotion] },
    state,
  );
  const strategies = `${shadow.green.strategy.name} ${shadow.green.strategy.version}`;
  return { kind: "exchanged", atIndex: index, strategies };
}

function versionsOf(
  { configuration, strategyOf }: Pick<ExchangeRequest, "configuration" | "strategyOf">,
  books: Pick<BooksFile, "is_exchanged">,
): Versions {
  const of = (book: BookName) =>
    bookConfiguration(book, settingsOfBook(book, configuration, books), strategyOf);
  return { blue: of(COUNTED_BOOK), green: of(SHADOW_BOOK) };
}

function newestState(root: string, dataDir: string, books: BooksFile): ShadowSnapshot | null {
  const own = latestSnapshot(bookFolder(root, SHADOW_BOOK), Number.MAX_SAFE_INTEGER).snapshot;
  const mine = own === null ? null : decodeShadow(own.bytes);
  const promoted = promotedState(dataDir, books);
  return promoted !== null && (mine === null || mine.index <= promoted.index) ? promoted : mine;
}

/** Null where BLUE has run something else since. */
function foldToEnd(found: ShadowSnapshot, versions: Versions, root: string) {
  const shadow = createShadow({
    blue: restoreFrom(versions.blue.trader, found.blue),
    green: restoreFrom(versions.green.trader, found.green),
    paper: versions.green.paper,
    comparison: found.comparison,
    onCommands() {},
  });
  const reader = new EventLogReader({ root, book: COUNTED_BOOK }, found.index + 1);
  let { index, nowMs } = found;
  try {
    for (const event of reader.poll()) {
      if (event.kind === "started" && event.configurationHash !== found.blueHash) return null;
      stepShadow(shadow, event);
      ({ index, nowMs } = event);
    }
  } finally {
    reader.close();
  }
  return { shadow, index, nowMs };
}

/** BLUE saved its own state when it stopped: the fold must reach the same cash. */
function differsFromBlue({ blue }: Shadow, index: number, root: string): string | null {
  const saved = latestSnapshot(bookFolder(root, COUNTED_BOOK), Number.MAX_SAFE_INTEGER).snapshot;
  if (saved === null || saved.index !== index) return null;
  const theirs = restoreFrom(blue.configuration, decodeTraderSnapshot(saved.bytes).snapshot);
  const { cash } = theirs.data.account;
  if (cash === blue.data.account.cash) return null;
  return `BLUE's own state has cash ${cash}, its log gives ${blue.data.account.cash}: 'dolphin replay' shows where they diverge`;
}
