/** Opens what one book's trader works with: its journal, its restored book, Hazelcast, the bridge's journal. */
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { codeHash } from "../../adapters/code/code-hash.ts";
import { keepCode } from "../../adapters/code/kept-code.ts";
import { configuredCluster, connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed, type ScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import { createScanLookup } from "../../adapters/scan-journal/scan-lookup.ts";
import { createStateSaver } from "../../adapters/event-log/aside/state-saver.ts";
import { readBooksFile, snapshotOfBlue } from "../../adapters/event-log/books/books-store.ts";
import { loadStrategies } from "../../operations/books/configured-strategies.ts";
import {
  recordConfiguration,
  recordedConfigurations,
  recordedStrategy,
} from "../../adapters/event-log/books/recorded-configurations.ts";
import { type CutBehind, cutBehind } from "../../adapters/event-log/truncate-segments.ts";
import { claimBook } from "../../adapters/event-log/postgres/claim-book.ts";
import { tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import {
  deleteUnfinished,
  latestSnapshot,
  saveSnapshot,
} from "../../adapters/event-log/snapshots.ts";
import { OutcomeFile } from "../../adapters/event-log/outcome-file.ts";
import { TradeFile } from "../../adapters/event-log/trade-file.ts";
import { syncPeriodically, type SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";
import { EventLog, EventLogReader } from "../../adapters/event-log/event-log.ts";
import { type Config } from "../../config.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { createPaperDesk } from "../../domain/trading/broker/paper-desk.ts";
import { assertRoom } from "../../domain/trading/market/window-room.ts";
import { versionName } from "../../domain/trading/shadow/comparison.ts";
import { assetCountOf, snapshotOf } from "../../domain/trading/snapshot/snapshot.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import { type FeedRow, feedsFrom } from "../../wire/feeds/feeds.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";
import { bookConfiguration, settingsToRecord } from "../../wire/trading/book-configuration.ts";
import { decodeTraderSnapshot, encodeTraderSnapshot } from "../../wire/trading/trader-snapshot.ts";
import { hashOf } from "../../wire/scan-hash.ts";
import { MisconfiguredError, orMisconfigured } from "../shell/misconfigured.ts";
import type { Say, Shell } from "../shell/run-service.ts";
import type { BookedCommands, BookStep } from "./event-sequencer.ts";
import { reconcileDesk } from "./reconcile-desk.ts";
import { restoreBook, type RestoredBook } from "./restore.ts";
import { RunningTrader } from "./running-trader.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

export type TraderOptions = {
  readonly service: string;
  readonly book: string;
  /** The rows of feeds that the configuration can name; absent: the table. */
  readonly feedRows?: readonly FeedRow[];
  /** For tests that end the process within an event. */
  readonly onStep: (step: BookStep) => void;
};

/** What a power failure may cost a paper book. */
const SYNC_EVERY_MS = 1_000;
const UNKEPT =
  "the code that runs could not be kept: once it is changed, its days can't be replayed with it";
const UNRECORDED =
  "the configuration could not be recorded: once it is changed, its days can't be replayed";

/** It runs when this resolves. */
export async function openTrader(shell: Shell, options: TraderOptions) {
  const { config, say } = shell;
  const feeds = orMisconfigured(() => feedsFrom(config.feeds, options.feedRows));
  const opened = await openBook(shell, options);
  const { restored, journal, trades, outcomes, program, save, saver, begin } = opened;
  let running: RunningTrader | null = null;
  const stores = await openStores(shell, options, () => running?.connected());
  const trader = new RunningTrader({
    ...restored,
    ...stores,
    feeds,
    trades,
    outcomes,
    log: journal,
    clock: { nowMs: wallMs, monotonicMs },
    snapshotEvents: config.trader.snapshot_events,
    saveSnapshot: save,
    prepareSnapshot: saver.prepare,
    saveSnapshotAside(of, index) {
      outcomes.flush();
      return saver.save(of, index);
    },
    say,
    onFailure: shell.fail,
    onStep: options.onStep,
  });
  trader.recordStart({
    kind: "started",
    ...program,
    snapshotHash: begin === null ? "" : hashOf(begin).toString("hex"),
  });
  await reconcileDesk({ sequencer: trader.sequencer, desk: restored.desk, say });
  syncPeriodically(journal.journal, {
    periodMs: SYNC_EVERY_MS,
    onError: (error) => say("error", `the journal could not be synced: ${messageOf(error)}`),
  });
  // If it were connected earlier it would receive scans while its orders are still being reconciled.
  running = trader;
  trader.listen();
  return { journal, stores: { ...stores, trades, outcomes }, trader };
}

/** Opens the book's storage, and restores it. */
async function openBook({ config, say }: Shell, options: TraderOptions) {
  const { configuration, settings } = await loadBook(config, options.book);
  const place = { root: tradingRoot(config.data_dir), book: options.book };
  const { strategy, parameters } = configuration.trader;
  const { carried, lookBackScans } = strategy.start(parameters);
  const carriedCount = carried.length;
  const epoch = await claimBook(place, config.journal.postgres_secret_url, say);
  const journal = new EventLog(place, { epoch, carriedCount });
  for (const torn of journal.journal.opened.torn) {
    say("warn", `cut ${torn.cutBytes} bytes of a torn end from ${torn.path}`);
  }
  const { folder } = journal.journal;
  const lastIndex = (journal.journal.nextIndex ?? 0) - 1;
  tellBehind(cutBehind(folder, lastIndex), lastIndex, say);
  const trades = new TradeFile(folder);
  const program = { configurationHash: configuration.hash, codeHash: codeHash(strategy.fileHash) };
  const { hash: configurationHash } = configuration;
  const saver = createStateSaver({ journal: journal.journal, trades, configurationHash });
  deleteUnfinished(folder);
  const { keepBegin } = saver;
  const outcomes = new OutcomeFile(folder, program, { carriedCount, keepBegin });
  const save = (of: Trader, index: number): Buffer => {
    const bytes = encodeTraderSnapshot(snapshotOf(of), configuration.hash);
    trades.sync();
    outcomes.flush();
    saveSnapshot(journal.journal, index, bytes);
    return bytes;
  };
  const found = foundState(config, folder, lastIndex);
  for (const path of found.damaged)
    say("error", `the snapshot ${path} is damaged; an older one is used`);
  const assetCount = found.saved === null ? 0 : assetCountOf(found.saved.snapshot);
  orBadBook(() => assertRoom([lookBackScans], assetCount));
  const ran = found.saved?.configurationHash ?? firstConfiguration(place) ?? configuration.hash;
  const strategyOf = await loadStrategies([settings.strategy, ...recordedStrategy(folder, ran)]);
  const restored = orBadBook(() =>
    restoreBook({
      configuration,
      configurationOf: recordedConfigurations(folder, strategyOf, configuration),
      saved: found.saved,
      openDesk: ({ paper }, working) => createPaperDesk(paper, working),
      log: journal,
      read: (from) => new EventLogReader(place, from),
      outcomes,
      onCommands: (booked) => tellTrades(trades, booked),
    }),
  );
  tellRestored(restored, say);
  const recorded = settingsToRecord(settings, configuration);
  if (!recordConfiguration(folder, configuration.hash, recorded)) say("warn", UNRECORDED);
  if (!keepCode(config.data_dir, program.codeHash, strategy.files ?? [])) say("warn", UNKEPT);
  const { trader: book } = restored;
  // From here on a restart continues from this state: the previous version is no longer needed.
  const begin = restored.change === null ? found.bytes : save(book, book.nextIndex - 1);
  return { restored, journal, trades, outcomes, program, save, saver, begin };
}

function tellTrades(trades: TradeFile, { index, commands }: BookedCommands): void {
  for (const command of commands) {
    if (command.kind === "book_trade") trades.add({ index, trade: command.trade });
  }
}

function foundState(config: Config, folder: string, lastIndex: number) {
  const { damaged, snapshot } = snapshotOfBlue(
    config.data_dir,
    latestSnapshot(folder, lastIndex),
    lastIndex,
  );
  const bytes = snapshot?.bytes ?? null;
  const saved = orBadBook(() => (bytes === null ? null : decodeTraderSnapshot(bytes)));
  return { damaged, bytes, saved };
}

function tellBehind(
  { trades, digests, acknowledged }: CutBehind,
  lastIndex: number,
  say: Say,
): void {
  if (trades + digests + acknowledged === 0) return;
  say(
    "warn",
    `the journal ends with event ${lastIndex}: removed what followed, ${trades} trades and ` +
      `${digests} outcomes; the sessions had received ${acknowledged} events more`,
  );
}

/** The first configuration of a log that is available from its beginning, where no state was saved yet. */
function firstConfiguration(place: SegmentLogPlace): string | null {
  const reader = new EventLogReader(place, null);
  try {
    const { value: event } = reader.poll().next();
    return event?.kind === "started" ? event.configurationHash : null;
  } finally {
    reader.close();
  }
}

function tellRestored({ trader, folded, completed, ...restored }: RestoredBook, say: Say): void {
  const { difference, change } = restored;
  if (difference !== null)
    say("error", `the journal's fills differ from this program's: ${difference}`);
  const { positions, working, account } = trader.data;
  say("info", `runs ${versionName(trader)}`);
  say(
    "info",
    `restored: ${folded} events folded, ${completed} completed, ${positions.length} positions, ` +
      `cash ${account.cash}`,
  );
  if (change !== null) {
    say(
      "warn",
      `${change}; cash, day and trades are kept, and windows start over if the strategy changed`,
    );
  }
  for (const { order } of working) {
    say("info", `order ${order.clientOrderId} is sent to the paper desk again`);
  }
}

async function openStores(
  { config, logger }: Shell,
  { service }: TraderOptions,
  onConnected: () => void,
) {
  const hazelcast = await connectHazelcast({
    ...configuredCluster(config.hazelcast),
    name: service,
    onLog: (level, line) => logger[level](`[Hazelcast] ${line}`),
    onConnected: () => setImmediate(onConnected),
  });
  const feed: ScanFeed = createScanFeed(hazelcast);
  const lookup = createScanLookup({
    journalFile: scanJournalFile(config.data_dir),
    archive: config.archive,
  });
  return { feed, lookup };
}

/** Loads only what this book runs, nothing of GREEN's. */
async function loadBook(config: Config, book: string) {
  try {
    const settings = settingsOfBook(COUNTED_BOOK, config, readBooksFile(config.data_dir));
    const strategyOf = await loadStrategies([settings.strategy]);
    return { settings, configuration: bookConfiguration(book, settings, strategyOf) };
  } catch (error) {
    throw new MisconfiguredError(messageOf(error), { cause: error });
  }
}

/** An error of the outside world has a code, and a restart may help; an error in the operator's own code has none. */
function orBadBook<T>(restore: () => T): T {
  try {
    return restore();
  } catch (error) {
    if (codeOf(error) !== undefined) throw error;
    throw new MisconfiguredError(`${messageOf(error)}${placeInFile(error)}`, { cause: error });
  }
}

/** The place in the user's own strategy: only such files are loaded with a number in the name. */
function placeInFile(error: unknown): string {
  const frames = error instanceof Error ? (error.stack ?? "").split("\n") : [];
  const own = frames.find((frame) => /\?strategy=\d+:/.test(frame));
  return own === undefined ? "" : ` (${own.trim()})`;
}
