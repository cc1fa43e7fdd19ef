/**
 * The process of book GREEN: reads BLUE's log and nothing else of BLUE. No broker but the paper desk
 * and no keys are wired here, so whatever the version does, it can't trade.
 */
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { monotonicMs, wallMicros, wallMs } from "../../adapters/clock.ts";
import { controlSocketPath, serveControl } from "../../adapters/control-socket.ts";
import { lockDirectory } from "../../adapters/directory-lock.ts";
import {
  connectHazelcast,
  type HazelcastHandle,
} from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed, type ScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import { createLogger, type Logger } from "../../adapters/logger.ts";
import { promotedState, readBooks } from "../../adapters/trading-journal/books/books-store.ts";
import { loadStrategiesOf } from "../../adapters/trading-journal/books/configured-strategies.ts";
import { recordedConfigurations } from "../../adapters/trading-journal/books/recorded-configurations.ts";
import { bookFolder, tradingRoot } from "../../adapters/trading-journal/segments/segment-files.ts";
import {
  latestSnapshot,
  oldestSnapshot,
  saveSnapshotIn,
  type Snapshot,
  SNAPSHOTS_KEPT,
} from "../../adapters/trading-journal/snapshots.ts";
import { cutTrades, TradeFile, tradesPath } from "../../adapters/trading-journal/trade-file.ts";
import { TradingLogReader } from "../../adapters/trading-journal/trading-log.ts";
import { type Config, ConfigError, loadConfig } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import { versionName } from "../../domain/trading/shadow/comparison.ts";
import { isoFromMicros, MS_PER_SECOND } from "../../domain/time.ts";
import { BEAT_INTERVAL_MS, type ServiceFacts } from "../../wire/control-pipe.ts";
import { bookConfiguration, type StrategyOf } from "../../wire/trading/book-configuration.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";
import { decodeShadow, encodeShadow } from "../../wire/trading/shadow-snapshot.ts";
import { CONTROL_REQUEST_CHARS_MAX } from "../../wire/trading/trader-control.ts";
import { decodeTraderSnapshot, type SavedState } from "../../wire/trading/trader-snapshot.ts";
import { type ControlLink, openControlLink } from "../control-link.ts";
import { Publication } from "../publication.ts";
import { GreenBook } from "./green-book.ts";
import { answerGreen } from "./green-control.ts";
import { openShadow, type OpenedShadow } from "./open-shadow.ts";

const SERVICE = "trader-green";
const EXIT_FAILED = 1;
const EXIT_CONFIGURATION = 78;
/** How long what BLUE appended may wait. */
const LOOK_EVERY_MS = 50;

type Shell = {
  readonly config: Config;
  readonly logger: Logger;
  readonly link: ControlLink;
  readonly say: (level: "info" | "warn", line: string) => void;
  end(exitCode: number, line: string): never;
};

type Folders = { readonly place: { root: string; book: string }; readonly green: string };

export async function runGreen(): Promise<void> {
  const shell = openShell();
  try {
    await start(shell);
  } catch (error) {
    shell.end(EXIT_FAILED, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

async function start(shell: Shell): Promise<void> {
  const { config, link } = shell;
  const root = tradingRoot(config.data_dir);
  const folders: Folders = { place: { root, book: "BLUE" }, green: bookFolder(root, "GREEN") };
  const lock = lockDirectory(folders.green);
  if (lock === null) shell.end(EXIT_FAILED, `another process runs GREEN in ${folders.green}`);
  const strategyOf = await loadStrategiesOf(config);
  const configurations = orConfigurationEnd(shell, () =>
    configurationsOf(config, folders, strategyOf),
  );
  const opened = orConfigurationEnd(shell, () => open(shell, folders, configurations));
  if (opened.isAnew) rmSync(tradesPath(folders.green), { force: true });
  // Told behind a state that the log's end took with it: they are counted anew.
  cutTrades(folders.green, opened.green.data.account.trades);
  const trades = new TradeFile(folders.green);
  const hazelcast = await connect(config);
  const feed = createScanFeed(hazelcast);
  const publication: { to: Publication | null } = { to: null };
  const book = new GreenBook({
    opened,
    configurations,
    blueOf: configurations.blueOf,
    trades,
    snapshotEvents: config.trader.snapshot_events,
    saveSnapshot: (of) =>
      saveSnapshotIn(folders.green, { index: of.index, bytes: encodeShadow(of) }, SNAPSHOTS_KEPT),
    dayEnded: (entry) => publication.to?.dayEnded(entry),
    say: shell.say,
  });
  publication.to = new Publication({
    trader: book.shadow.green,
    feed,
    nowMs: wallMs,
    onPublished: () => {},
  });
  shell.say("info", `runs ${versionName(opened.green)}`);
  shell.say("info", `goes on after event ${opened.index} of BLUE's log`);
  const control = await serveControl(
    controlSocketPath(config.data_dir, SERVICE),
    { requestCharsMax: CONTROL_REQUEST_CHARS_MAX },
    (line) => answerGreen({ book, trades }, line),
  );
  const follow = followLog(shell, { book, publication: publication.to });
  link.ready();
  const beats = beat(shell, {
    book,
    feed,
    ageMs: follow.ageMs,
    isConnected: () => hazelcast.connected(),
  });
  endOn(shell, () => {
    follow.stop();
    clearInterval(beats);
    control.close();
    book.save();
    book.close();
    trades.close();
    lock.release();
  });
}

function configurationsOf(config: Config, { place }: Folders, strategyOf: StrategyOf) {
  const books = readBooks(config.data_dir);
  const of = (book: "BLUE" | "GREEN") =>
    bookConfiguration(book, settingsOfBook(book, config, books), strategyOf);
  const blue = of("BLUE");
  const folder = bookFolder(place.root, place.book);
  return { blue, green: of("GREEN"), blueOf: recordedConfigurations(folder, strategyOf, blue) };
}

function open(
  { config, say }: Shell,
  folders: Folders,
  configurations: ReturnType<typeof configurationsOf>,
): OpenedShadow {
  const { place, green } = folders;
  const blueFolder = bookFolder(place.root, place.book);
  const own = latestSnapshot(green, Number.MAX_SAFE_INTEGER);
  for (const path of own.damaged) say("warn", `the snapshot ${path} is damaged`);
  const mine = own.snapshot === null ? null : decodeShadow(own.snapshot.bytes);
  const promoted = promotedState(config.data_dir, readBooks(config.data_dir));
  // At the same event the promotion came later.
  const snapshots = [promoted, mine]
    .filter((found) => found !== null)
    .toSorted((one, other) => other.index - one.index);
  return openShadow({
    configurations,
    blueOf: configurations.blueOf,
    snapshots,
    oldestOfBlue: () => decoded(oldestSnapshot(blueFolder)),
    newestOfBlue: () => decoded(latestSnapshot(blueFolder, Number.MAX_SAFE_INTEGER).snapshot),
    read: (from) => new TradingLogReader(place, from),
    say,
  });
}

function decoded(found: Snapshot | null): SavedState | null {
  return found === null ? null : decodeTraderSnapshot(found.bytes);
}

function connect(config: Config): Promise<HazelcastHandle> {
  return connectHazelcast({
    address: config.hazelcast.address,
    cluster: config.hazelcast.cluster,
    deadlineMs: config.hazelcast.deadline_ms,
    name: SERVICE,
  });
}

/** Slice after slice while there is something, else a look now and then. */
function followLog(
  shell: Shell,
  { book, publication }: { readonly book: GreenBook; readonly publication: Publication },
) {
  let newestAtMs: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  const turn = (): void => {
    const before = book.index;
    let hasMore = false;
    try {
      hasMore = book.takeSlice();
    } catch (error) {
      shell.end(EXIT_FAILED, error instanceof Error ? (error.stack ?? "") : String(error));
    }
    if (before < book.index) {
      newestAtMs = monotonicMs();
      publication.request();
    }
    timer = setTimeout(turn, hasMore ? 0 : LOOK_EVERY_MS);
  };
  timer = setTimeout(turn, 0);
  return {
    ageMs: () => (newestAtMs === null ? null : monotonicMs() - newestAtMs),
    stop: () => clearTimeout(timer),
  };
}

function beat(
  { link, logger }: Shell,
  of: {
    readonly book: GreenBook;
    readonly feed: Pick<ScanFeed, "putHeartbeat">;
    readonly ageMs: () => number | null;
    readonly isConnected: () => boolean;
  },
): NodeJS.Timeout {
  const startedAt = isoFromMicros(wallMicros());
  return setInterval(() => {
    const ageMs = of.ageMs();
    const facts: ServiceFacts = {
      archive: "ok",
      hazelcast: of.isConnected() ? "ok" : "down",
      newestDataAgeS: ageMs === null ? null : ageMs / MS_PER_SECOND,
      oldestUnpushedAgeS: null,
      progressAgeS: null,
      backlog: 0,
    };
    const state = of.book.phrase();
    const counters = { log_dropped: logger.dropped(), ...of.book.counters() };
    link.beat({ state, facts, counters });
    const heartbeat = {
      service: SERVICE,
      pid: process.pid,
      host: hostname(),
      started_at: startedAt,
      updated_at: isoFromMicros(wallMicros()),
      state,
      facts,
      ...counters,
    };
    // An unanswered heartbeat is no event: the next one follows in a second.
    of.feed.putHeartbeat(SERVICE, JSON.stringify(heartbeat)).catch(() => {});
  }, BEAT_INTERVAL_MS);
}

function endOn(shell: Shell, close: () => void): void {
  const stop = (why: string): void => {
    shell.logger.info(`[Green] stopping: ${why}`);
    try {
      close();
    } catch (error) {
      shell.end(EXIT_FAILED, `could not save its state: ${messageOf(error)}`);
    }
    shell.end(0, "stopped");
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  shell.link.onClosed(() => stop("the supervisor is gone"));
}

function openShell(): Shell {
  const config = configOrExit();
  const logger = createLogger({
    file: join(config.data_dir, "logs", `${SERVICE}.log`),
    name: SERVICE,
    level: config.log.level,
    rotateMb: config.log.rotate_mb,
    rotateFiles: config.log.rotate_files,
  });
  const link = openControlLink();
  logger.info(`[Green] starting as pid ${process.pid}`);
  return {
    config,
    logger,
    link,
    say(level, line) {
      logger[level](`[Green] ${line}`);
      if (level !== "info") link.log(line);
    },
    end(exitCode, line) {
      logger[exitCode === 0 ? "info" : "error"](`[Green] ${line}`);
      if (exitCode !== 0) process.stderr.write(`${SERVICE}: ${line}\n`);
      logger.close();
      process.exit(exitCode);
    },
  };
}

function orConfigurationEnd<T>(shell: Shell, make: () => T): T {
  try {
    return make();
  } catch (error) {
    return shell.end(EXIT_CONFIGURATION, messageOf(error));
  }
}

function configOrExit(): Config {
  try {
    return loadConfig({ env: process.env, cwd: process.cwd() }).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${SERVICE}: ${error.message}\n`);
    process.exit(EXIT_CONFIGURATION);
  }
}
