/** Opens what book GREEN works with: its state, BLUE's log, Hazelcast. */
import { rmSync } from "node:fs";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { lockDirectory } from "../../adapters/files/directory-lock.ts";
import { configuredCluster, connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import { promotedState, readBooksFile } from "../../adapters/event-log/books/books-store.ts";
import { loadStrategiesOf } from "../../operations/books/configured-strategies.ts";
import { recordedConfigurations } from "../../adapters/event-log/books/recorded-configurations.ts";
import { bookFolder, tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import {
  latestSnapshot,
  oldestSnapshot,
  saveSnapshotIn,
  type Snapshot,
  SNAPSHOTS_KEPT,
} from "../../adapters/event-log/snapshots.ts";
import { cutTrades, TradeFile, tradesPath } from "../../adapters/event-log/trade-file.ts";
import { watchLog } from "../../adapters/event-log/watch-log.ts";
import { EventLogReader } from "../../adapters/event-log/event-log.ts";
import { type Config } from "../../config.ts";
import { assertRoom } from "../../domain/trading/market/window-room.ts";
import { versionName } from "../../domain/trading/shadow/comparison.ts";
import { assetCountOf } from "../../domain/trading/snapshot/snapshot.ts";
import { bookConfiguration, type StrategyOf } from "../../wire/trading/book-configuration.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";
import { decodeShadow, encodeShadow } from "../../wire/trading/shadow-snapshot.ts";
import { decodeTraderSnapshot, type SavedState } from "../../wire/trading/trader-snapshot.ts";
import { orMisconfigured } from "../shell/misconfigured.ts";
import type { Shell } from "../shell/run-service.ts";
import { Publication } from "../publication.ts";
import { GreenBook } from "./green-book.ts";
import { followLog } from "./follow-log.ts";
import { openShadow, type OpenedShadow } from "./open-shadow.ts";
import { traderOf } from "../../domain/supervision/services.ts";
import { type BookName, COUNTED_BOOK, SHADOW_BOOK } from "../../domain/trading/books.ts";

export const GREEN_SERVICE = traderOf(SHADOW_BOOK).name;

type Folders = { readonly place: { root: string; book: string }; readonly green: string };

/** It follows BLUE's log when this resolves. */
export async function openGreen(shell: Shell) {
  const { config, say } = shell;
  const root = tradingRoot(config.data_dir);
  const folders: Folders = {
    place: { root, book: COUNTED_BOOK },
    green: bookFolder(root, SHADOW_BOOK),
  };
  const lock = lockDirectory(folders.green);
  if (lock === null) throw new Error(`another process runs GREEN in ${folders.green}`);
  const strategyOf = await loadStrategiesOf(config);
  const configurations = orMisconfigured(() => configurationsOf(config, folders, strategyOf));
  const opened = orMisconfigured(() => open(shell, folders, configurations));
  if (opened.isAnew) rmSync(tradesPath(folders.green), { force: true });
  // Trades after the restored state were lost with the log's end: they will be counted again.
  cutTrades(folders.green, opened.green.data.account.trades);
  const trades = new TradeFile(folders.green);
  const hazelcast = await connectHazelcast({
    ...configuredCluster(config.hazelcast),
    name: GREEN_SERVICE,
  });
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
    say,
  });
  publication.to = new Publication({
    trader: book.shadow.green,
    feed,
    nowMs: wallMs,
    onPublished: () => {},
  });
  say("info", `runs ${versionName(opened.green)}`);
  say("info", `continues after event ${opened.index} of BLUE's log`);
  const follow = followBlue(shell, { book, folders, publication: publication.to });
  return { book, feed, trades, follow, lock, isConnected: () => hazelcast.connected() };
}

function configurationsOf(config: Config, { place }: Folders, strategyOf: StrategyOf) {
  const books = readBooksFile(config.data_dir);
  const of = (book: BookName) =>
    bookConfiguration(book, settingsOfBook(book, config, books), strategyOf);
  const blue = of(COUNTED_BOOK);
  const folder = bookFolder(place.root, place.book);
  return { blue, green: of(SHADOW_BOOK), blueOf: recordedConfigurations(folder, strategyOf, blue) };
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
  const promoted = promotedState(config.data_dir, readBooksFile(config.data_dir));
  // At the same event the promotion came later.
  const snapshots = [promoted, mine]
    .filter((found) => found !== null)
    .toSorted((one, other) => other.index - one.index);
  const [newest] = snapshots;
  const lookBacks = [configurations.blue, configurations.green].map(
    ({ trader: { strategy, parameters } }) => strategy.start(parameters).lookBackScans,
  );
  assertRoom(lookBacks, newest === undefined ? 0 : assetCountOf(newest.blue));
  return openShadow({
    configurations,
    blueOf: configurations.blueOf,
    snapshots,
    oldestOfBlue: () => decoded(oldestSnapshot(blueFolder)),
    newestOfBlue: () => decoded(latestSnapshot(blueFolder, Number.MAX_SAFE_INTEGER).snapshot),
    read: (from) => new EventLogReader(place, from),
    say,
  });
}

function decoded(found: Snapshot | null): SavedState | null {
  return found === null ? null : decodeTraderSnapshot(found.bytes);
}

function followBlue(
  shell: Shell,
  by: {
    readonly book: GreenBook;
    readonly folders: Folders;
    readonly publication: Publication;
  },
) {
  const { book, folders, publication } = by;
  const { root, book: blue } = folders.place;
  return followLog({
    takeSlice() {
      const before = book.index;
      try {
        const hasMore = book.takeSlice();
        return { isNews: before < book.index, hasMore };
      } catch (error) {
        return shell.fail(error);
      }
    },
    watch: (onWrite) => watchLog(bookFolder(root, blue), onWrite),
    onNews: () => publication.request(),
    nowMs: monotonicMs,
  });
}
