/** The process of one book's trader: opens the journal, restores the book, connects, beats, ends. */
import { hostname } from "node:os";
import { join } from "node:path";
import { monotonicMs, wallMicros, wallMs } from "../../adapters/clock.ts";
import { codeHash } from "../../adapters/code-hash.ts";
import { controlSocketPath, serveControl } from "../../adapters/control-socket.ts";
import { connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed, type ScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import { createScanLookup } from "../../adapters/journal/scan-lookup.ts";
import { createLogger, type Logger } from "../../adapters/logger.ts";
import { readBooks, snapshotOfBlue } from "../../adapters/trading-journal/books/books-store.ts";
import { loadStrategies } from "../../adapters/trading-journal/books/configured-strategies.ts";
import {
  recordConfiguration,
  recordedConfigurations,
  recordedStrategy,
} from "../../adapters/trading-journal/books/recorded-configurations.ts";
import { type CutBehind, cutBehind } from "../../adapters/trading-journal/cut-trading-journal.ts";
import { claimBook } from "../../adapters/trading-journal/postgres/claim-book.ts";
import { tradingRoot } from "../../adapters/trading-journal/segments/segment-files.ts";
import { latestSnapshot, saveSnapshot } from "../../adapters/trading-journal/snapshots.ts";
import { OutcomeFile } from "../../adapters/trading-journal/replay/outcome-file.ts";
import { TradeFile } from "../../adapters/trading-journal/trade-file.ts";
import {
  syncPeriodically,
  type TradingJournalPlace,
} from "../../adapters/trading-journal/trading-journal.ts";
import { TradingLog, TradingLogReader } from "../../adapters/trading-journal/trading-log.ts";
import { type Config, ConfigError, loadConfig } from "../../config.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { versionName } from "../../domain/trading/shadow/comparison.ts";
import { snapshotOf } from "../../domain/trading/snapshot/snapshot.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { BEAT_INTERVAL_MS } from "../../wire/control-pipe.ts";
import { CONTROL_REQUEST_CHARS_MAX } from "../../wire/trading/trader-control.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";
import { bookConfiguration } from "../../wire/trading/book-configuration.ts";
import { decodeTraderSnapshot, encodeTraderSnapshot } from "../../wire/trading/trader-snapshot.ts";
import { hashOf } from "../../wire/scan-hash.ts";
import { type ControlLink, openControlLink } from "../control-link.ts";
import type { BookedCommands, BookStep } from "./book.ts";
import { restoreBook, type RestoredBook } from "./restore.ts";
import { RunningTrader } from "./running-trader.ts";

export type TraderOptions = {
  readonly service: string;
  readonly book: string;
  /** For tests that end the process inside an event. */
  readonly onStep: (step: BookStep) => void;
};

type Shell = {
  readonly config: Config;
  readonly options: TraderOptions;
  readonly logger: Logger;
  readonly link: ControlLink;
  end(exitCode: number, line: string): never;
};

const EXIT_FAILED = 1;
const EXIT_FENCED = 76;
const EXIT_CONFIGURATION = 78;
/** What a power cut can take of a paper book. */
const SYNC_EVERY_MS = 1_000;
const UNRECORDED =
  "the configuration could not be recorded: once it is changed, its days can't be replayed";

export async function runTrader(options: TraderOptions): Promise<void> {
  const shell = openShell(options);
  try {
    await start(shell);
  } catch (error) {
    shell.end(
      exitCodeOf(error),
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
}

async function start(shell: Shell): Promise<void> {
  const { config, options, link } = shell;
  const { journal, stores, trader: running } = await openTrader(shell);
  const control = await serveControl(
    controlSocketPath(config.data_dir, options.service),
    { requestCharsMax: CONTROL_REQUEST_CHARS_MAX },
    (line) => running.answer(line),
  );
  const startedAt = isoFromMicros(wallMicros());
  link.ready();
  const beats = setInterval(() => {
    const beat = running.beat();
    link.beat({ ...beat, counters: { log_dropped: shell.logger.dropped(), ...beat.counters } });
    const heartbeat = {
      service: options.service,
      pid: process.pid,
      host: hostname(),
      epoch: journal.journal.epoch,
      started_at: startedAt,
      updated_at: isoFromMicros(wallMicros()),
      state: beat.state,
      facts: beat.facts,
      ...beat.counters,
    };
    // An unanswered heartbeat is no event: the next one follows in a second.
    stores.feed.putHeartbeat(options.service, JSON.stringify(heartbeat)).catch(() => {});
  }, BEAT_INTERVAL_MS);
  const stop = (why: string): void => {
    shell.logger.info(`[Trader] stopping: ${why}`);
    clearInterval(beats);
    control.close();
    try {
      running.stop();
      stores.trades.close();
      stores.outcomes.close();
      journal.close();
    } catch (error) {
      shell.end(EXIT_FAILED, `could not save its state: ${messageOf(error)}`);
    }
    shell.end(0, "stopped");
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  link.onClosed(() => stop("the supervisor is gone"));
}

/** Opens what the book is kept in, and makes it what it was. */
async function openBook(shell: Shell, say: Say) {
  const { config, options } = shell;
  const { configuration, settings } = await bookOrEnd(shell);
  const place = { root: tradingRoot(config.data_dir), book: options.book };
  const { strategy, parameters } = configuration.trader;
  const carriedCount = strategy.start(parameters).carried.length;
  const epoch = await claimBook(place, config.journal.postgres_secret_url, say);
  const journal = new TradingLog(place, { epoch, carriedCount });
  for (const torn of journal.journal.opened.torn) {
    say("warn", `cut ${torn.cutBytes} bytes of a torn end from ${torn.path}`);
  }
  const { folder } = journal.journal;
  const lastIndex = (journal.journal.nextIndex ?? 0) - 1;
  tellBehind(cutBehind(folder, lastIndex), lastIndex, say);
  const trades = new TradeFile(folder);
  const program = { configurationHash: configuration.hash, codeHash: codeHash(strategy.fileHash) };
  const outcomes = new OutcomeFile(folder, program, carriedCount);
  const save = (of: Trader, index: number): Buffer => {
    const bytes = encodeTraderSnapshot(snapshotOf(of), configuration.hash);
    trades.sync();
    outcomes.flush();
    saveSnapshot(journal.journal, index, bytes);
    return bytes;
  };
  const found = foundState(shell, folder, lastIndex);
  for (const path of found.damaged)
    say("error", `the snapshot ${path} is damaged; an older one is taken`);
  const ran = found.saved?.configurationHash ?? firstConfiguration(place) ?? configuration.hash;
  const strategyOf = await loadStrategies([settings.strategy, ...recordedStrategy(folder, ran)]);
  const restored = restoreOrEnd(shell, () =>
    restoreBook({
      configuration,
      configurationOf: recordedConfigurations(folder, strategyOf, configuration),
      saved: found.saved,
      log: journal,
      read: (from) => new TradingLogReader(place, from),
      outcomes,
      onCommands: (booked) => tellTrades(trades, booked),
    }),
  );
  tellRestored(restored, say);
  if (!recordConfiguration(folder, configuration.hash, settings)) say("warn", UNRECORDED);
  const { trader: book } = restored;
  // A death from here on goes on from it: what ran before is not needed any more.
  const begin = restored.change === null ? found.bytes : save(book, book.nextIndex - 1);
  return { restored, journal, trades, outcomes, program, save, begin };
}

async function openTrader(shell: Shell) {
  const { config, options } = shell;
  const say: Say = (level, line) => {
    shell.logger[level](`[Trader] ${line}`);
    if (level !== "info") shell.link.log(line);
  };
  const { restored, journal, trades, outcomes, program, save, begin } = await openBook(shell, say);
  let running: RunningTrader | null = null;
  const stores = await openStores(shell, () => running?.connected());
  const trader = new RunningTrader({
    ...restored,
    ...stores,
    trades,
    outcomes,
    log: journal,
    clock: { nowMs: wallMs, monotonicMs },
    snapshotEvents: config.trader.snapshot_events,
    saveSnapshot: save,
    say,
    onFailure: (error) =>
      shell.end(EXIT_FAILED, error instanceof Error ? (error.stack ?? "") : String(error)),
    onStep: options.onStep,
  });
  running = trader;
  syncPeriodically(journal.journal, {
    periodMs: SYNC_EVERY_MS,
    onError: (error) => say("error", `the journal could not be synced: ${messageOf(error)}`),
  });
  trader.start({
    kind: "started",
    ...program,
    snapshotHash: begin === null ? "" : hashOf(begin).toString("hex"),
  });
  return { journal, stores: { ...stores, trades, outcomes }, trader };
}

function tellTrades(trades: TradeFile, { index, commands }: BookedCommands): void {
  for (const command of commands) {
    if (command.kind === "book_trade") trades.add({ index, trade: command.trade });
  }
}

type Say = (level: "info" | "warn" | "error", line: string) => void;

function foundState(shell: Shell, folder: string, lastIndex: number) {
  const { damaged, snapshot } = snapshotOfBlue(
    shell.config.data_dir,
    latestSnapshot(folder, lastIndex),
    lastIndex,
  );
  const bytes = snapshot?.bytes ?? null;
  const saved = restoreOrEnd(shell, () => (bytes === null ? null : decodeTraderSnapshot(bytes)));
  return { damaged, bytes, saved };
}

function tellBehind({ trades, digests, told }: CutBehind, lastIndex: number, say: Say): void {
  if (trades + digests + told === 0) return;
  say(
    "warn",
    `the journal ends with event ${lastIndex}: cut what stood behind it, ${trades} trades and ` +
      `${digests} outcomes, and the sessions were told ${told} events more`,
  );
}

/** Of a log that is kept from its beginning, where no state was saved yet. */
function firstConfiguration(place: TradingJournalPlace): string | null {
  const reader = new TradingLogReader(place, null);
  try {
    const { value: event } = reader.poll().next();
    return event?.kind === "started" ? event.configurationHash : null;
  } finally {
    reader.close();
  }
}

function tellRestored({ trader, folded, completed, ...told }: RestoredBook, say: Say): void {
  const { difference, change } = told;
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
      `${change}; cash, day and trades go on, and windows begin anew where the strategy is another`,
    );
  }
  for (const { order } of working) {
    say("info", `order ${order.clientOrderId} goes to the paper desk again`);
  }
}

async function openStores({ config, options }: Shell, onConnected: () => void) {
  const hazelcast = await connectHazelcast({
    address: config.hazelcast.address,
    cluster: config.hazelcast.cluster,
    deadlineMs: config.hazelcast.deadline_ms,
    name: options.service,
    onConnected: () => setImmediate(onConnected),
  });
  const feed: ScanFeed = createScanFeed(hazelcast);
  const lookup = createScanLookup({
    journalFile: join(config.data_dir, "journal", "scan-bridge.db"),
    archive: config.archive,
  });
  return { feed, lookup };
}

function openShell(options: TraderOptions): Shell {
  const config = configOrExit(options.service);
  const logger = createLogger({
    file: join(config.data_dir, "logs", `${options.service}.log`),
    name: options.service,
    level: config.log.level,
    rotateMb: config.log.rotate_mb,
    rotateFiles: config.log.rotate_files,
  });
  logger.info(`[Trader] starting book ${options.book} as pid ${process.pid}`);
  return {
    config,
    options,
    logger,
    link: openControlLink(),
    end(exitCode, line) {
      logger[exitCode === 0 ? "info" : "error"](`[Trader] ${line}`);
      if (exitCode !== 0) process.stderr.write(`${options.service}: ${line}\n`);
      logger.close();
      process.exit(exitCode);
    },
  };
}

/** Loads what this book runs, and nothing of GREEN's. */
async function bookOrEnd(shell: Shell) {
  try {
    const { config, options } = shell;
    const settings = settingsOfBook("BLUE", config, readBooks(config.data_dir));
    const strategyOf = await loadStrategies([settings.strategy]);
    return { settings, configuration: bookConfiguration(options.book, settings, strategyOf) };
  } catch (error) {
    return shell.end(EXIT_CONFIGURATION, messageOf(error));
  }
}

function restoreOrEnd<T>(shell: Shell, restore: () => T): T {
  try {
    return restore();
  } catch (error) {
    if (codeOf(error) !== undefined) throw error;
    return shell.end(EXIT_CONFIGURATION, `${messageOf(error)}${placeInFile(error)}`);
  }
}

/** Where in the user's own strategy it was thrown: only such files are run with their hash in the name. */
function placeInFile(error: unknown): string {
  const frames = error instanceof Error ? (error.stack ?? "").split("\n") : [];
  const own = frames.find((frame) => /\?[0-9a-f]{64}:/.test(frame));
  return own === undefined ? "" : ` (${own.trim()})`;
}

function exitCodeOf(error: unknown): number {
  const code = codeOf(error);
  if (code === "TRADING_JOURNAL_FENCED") return EXIT_FENCED;
  return code === "TRADING_JOURNAL_VERSION" ? EXIT_CONFIGURATION : EXIT_FAILED;
}

function configOrExit(service: string): Config {
  try {
    return loadConfig({ env: process.env, cwd: process.cwd() }).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${service}: ${error.message}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
}
