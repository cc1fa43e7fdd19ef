/**
 * GREEN's equity over BLUE's last scans. GREEN has no log: BLUE's is folded with a paper desk of GREEN's beside it, as
 * its own process does, from the oldest state on that GREEN kept and that its present version has decided since. Reads
 * only. Invariant: no more points are kept than `SCANS_MAX`.
 */
import { existsSync } from "node:fs";
import { monotonicMs } from "../../../adapters/clock.ts";
import { promotedState, readBooksFile } from "../../../adapters/event-log/books/books-store.ts";
import {
  type ConfigurationOf,
  recordedConfigurations,
} from "../../../adapters/event-log/books/recorded-configurations.ts";
import { EventLogReader } from "../../../adapters/event-log/event-log.ts";
import {
  bookFolder,
  listSegmentDays,
  tradingRoot,
} from "../../../adapters/event-log/segments/segment-files.ts";
import { latestSnapshot, listSnapshots } from "../../../adapters/event-log/snapshots.ts";
import { type BookName, COUNTED_BOOK, SHADOW_BOOK } from "../../../domain/trading/books.ts";
import { createPaperDesk } from "../../../domain/trading/broker/paper-desk.ts";
import { answerStep, type TraderAtDesk } from "../../../domain/trading/broker/step-desk.ts";
import type { TraderEvent } from "../../../domain/trading/events.ts";
import { readAlike, asGreenTakes } from "../../../domain/trading/shadow/shadow.ts";
import { takeVersion } from "../../../domain/trading/snapshot/take-version.ts";
import {
  createTrader,
  stepTrader,
  type Trader,
  workingOrdersOf,
} from "../../../domain/trading/trader.ts";
import {
  type BookConfiguration,
  bookConfiguration,
  type StrategyOf,
} from "../../../wire/trading/book-configuration.ts";
import { type BooksFile, settingsOfBook } from "../../../wire/trading/books-file.ts";
import { decodeShadow, type ShadowSnapshot } from "../../../wire/trading/shadow-snapshot.ts";
import { loadStrategiesOf } from "../../books/configured-strategies.ts";
import { segmentFirstIndex } from "../../why/find-event.ts";
import type { BookViewDeps } from "./book-view.ts";
import { equitySeries, type EquitySeries } from "./equity-series.ts";
import { isInOrder } from "./in-order.ts";
import { createScanColumns, type ScanColumnStore } from "./scan-columns.ts";
import { traderOf } from "../../../domain/supervision/services.ts";

export type GreenCurve = EquitySeries & {
  /** Of the newest event that was taken in. */
  readonly atMs: number;
  /** False: there is more in the log than was read so far. */
  readonly isCaughtUp: boolean;
};

export type GreenView = {
  /** Takes in what is there, for about so long; a sentence where there is nothing to stand on. */
  curve(withinMs: number): Promise<GreenCurve | string>;
  close(): void;
};

const SCANS_MAX = 20_000;
/** Of a scan only its equity is kept. */
const NO_MORE = { readings: {}, eigenvalues: [], assets: [], prices: new Float64Array() };
const EVENTS_PER_POLL = 64;

type Run = {
  /** What promotions there were: another one gives GREEN another state. */
  readonly books: string;
  readonly desk: TraderAtDesk;
  readonly reader: EventLogReader;
  readonly blueOf: ConfigurationOf;
  readonly points: ScanColumnStore;
  isCarriedAlike: boolean;
  atMs: number;
  isCaughtUp: boolean;
};

export function createGreenView(deps: BookViewDeps): GreenView {
  let run: Run | null = null;
  const close = (): void => {
    run?.reader.close();
    run = null;
  };
  return {
    async curve(withinMs) {
      try {
        if (run !== null && run.books !== JSON.stringify(readBooksFile(deps.dataDir))) close();
        if (run === null) {
          const begun = await begin(deps);
          if (typeof begun === "string") return begun;
          run = begun;
        }
        takeIn(run, withinMs);
      } catch (error) {
        // The log was cut, or a version came that was not loaded: it is begun anew.
        close();
        throw error;
      }
      const { points, atMs, isCaughtUp } = run;
      return { ...equitySeries(points.equity()), atMs, isCaughtUp };
    },
    close,
  };
}

async function begin({ dataDir, configuration }: BookViewDeps): Promise<Run | string> {
  const place = { root: tradingRoot(dataDir), book: COUNTED_BOOK };
  const blueFolder = bookFolder(place.root, COUNTED_BOOK);
  const greenFolder = bookFolder(place.root, SHADOW_BOOK);
  if (!existsSync(greenFolder)) {
    return `${SHADOW_BOOK} has not run here: 'dolphin start ${traderOf(SHADOW_BOOK).name}'`;
  }
  const books = readBooksFile(dataDir);
  const of = versions({ configuration, books, strategyOf: await loadStrategiesOf(configuration) });
  const green = of(SHADOW_BOOK);
  const blue = of(COUNTED_BOOK);
  const blueOf = recordedConfigurations(blueFolder, of.strategyOf, blue);
  const start =
    keptStart(statesOf(dataDir, greenFolder, books), green) ?? firstStart(blueFolder, blue, green);
  if (typeof start === "string") return start;
  const { trader, blueHash, at } = start;
  const reader = new EventLogReader(place, at?.index ?? createTrader(blue.trader).nextIndex);
  if (at !== null && !isNext(reader, at)) {
    reader.close();
    return "BLUE's log was truncated before GREEN's newest state: GREEN starts over when it is started";
  }
  const desk = createPaperDesk(green.paper, workingOrdersOf(trader));
  return {
    books: JSON.stringify(books),
    desk: { trader, desk, beforeReport() {}, onCommands() {} },
    reader,
    blueOf,
    points: createScanColumns({ rowsMax: SCANS_MAX, pricesMax: 0, eigenvalues: 0 }),
    isCarriedAlike: carriedAlike((blueHash === null ? null : blueOf(blueHash)) ?? blue, trader),
    atMs: at?.nowMs ?? 0,
    isCaughtUp: false,
  };
}

function versions(of: {
  readonly configuration: BookViewDeps["configuration"];
  readonly books: BooksFile;
  readonly strategyOf: StrategyOf;
}) {
  const { configuration, books, strategyOf } = of;
  const versionOf = (book: BookName) =>
    bookConfiguration(book, settingsOfBook(book, configuration, books), strategyOf);
  return Object.assign(versionOf, { strategyOf });
}

/** Those that GREEN may have begun from since the last promotion, ascending. */
function statesOf(
  dataDir: string,
  greenFolder: string,
  books: BooksFile,
): readonly ShadowSnapshot[] {
  const promoted = promotedState(dataDir, books);
  const own = listSnapshots(greenFolder).flatMap((index) => {
    if (index <= (promoted?.index ?? -1)) return [];
    const { snapshot } = latestSnapshot(greenFolder, index);
    const state = snapshot?.index === index ? decodeShadow(snapshot.bytes) : null;
    return state === null ? [] : [state];
  });
  return promoted === null ? own : [promoted, ...own];
}

type Start = {
  readonly trader: Trader;
  /** What BLUE ran then; null: its first version. */
  readonly blueHash: string | null;
  /** The event that the state is of; null: the log's beginning. */
  readonly at: Pick<ShadowSnapshot, "index" | "nowMs"> | null;
};

/** GREEN starts from its newest state, with whatever it is by then: earlier ones are of another version. */
function keptStart(
  states: readonly ShadowSnapshot[],
  green: BookConfiguration,
): Start | string | null {
  const newest = states.at(-1);
  if (newest === undefined) return null;
  const other = states.findLastIndex(({ greenHash }) => greenHash !== green.hash);
  const state = states[other + 1] ?? newest;
  const taken = takeVersion(green.trader, state.green);
  if (taken.kind === "refused") {
    return `GREEN's version was changed and has saved no state since: ${taken.reason}`;
  }
  return { trader: taken.trader, blueHash: state.blueHash, at: state };
}

/** Without a state GREEN began with BLUE's log, where that is kept from its beginning. */
function firstStart(
  blueFolder: string,
  blue: BookConfiguration,
  green: BookConfiguration,
): Start | string {
  const [oldest = null] = listSegmentDays(blueFolder);
  if (oldest === null) return "BLUE's log has no event yet";
  if (segmentFirstIndex(blueFolder, oldest) <= createTrader(blue.trader).nextIndex) {
    return { trader: createTrader(green.trader), blueHash: null, at: null };
  }
  return "GREEN has saved no state yet: its curve begins with the first one";
}

function isNext(reader: EventLogReader, { index, nowMs }: NonNullable<Start["at"]>): boolean {
  for (const event of reader.poll()) return event.index === index && event.nowMs === nowMs;
  return false;
}

function carriedAlike(blue: BookConfiguration, green: Trader): boolean {
  return readAlike(createTrader(blue.trader), green);
}

function takeIn(run: Run, withinMs: number): void {
  const untilMs = monotonicMs() + withinMs;
  let count = 0;
  run.isCaughtUp = false;
  for (const event of run.reader.poll()) {
    step(run, event);
    count += 1;
    if (count % EVENTS_PER_POLL === 0 && untilMs < monotonicMs()) return;
  }
  run.isCaughtUp = true;
}

function step(run: Run, event: TraderEvent): void {
  const { desk, points, blueOf } = run;
  const { trader } = desk;
  run.atMs = event.nowMs;
  if (event.kind === "started") {
    const version = blueOf(event.configurationHash);
    if (version !== null) run.isCarriedAlike = carriedAlike(version, trader);
  }
  const taken = asGreenTakes(trader, event, run.isCarriedAlike);
  if (taken === null) return;
  const commands = stepTrader(trader, taken);
  // As BLUE's: before the scan's own fills.
  if (taken.kind === "scan" && isInOrder(trader)) {
    points.add({ atMs: taken.nowMs, equity: trader.data.account.equity, ...NO_MORE });
  }
  answerStep(desk, taken, commands);
}
