/**
 * BLUE's present state and its course over the last scans: its log is folded beside the trader from a snapshot on, a
 * slice at a time, and then continued with new events. Read-only.
 */
import { monotonicMs } from "../../../adapters/clock.ts";
import { recordedStrategy } from "../../../adapters/event-log/books/recorded-configurations.ts";
import { EventLogReader } from "../../../adapters/event-log/event-log.ts";
import { readDayBegin } from "../../../adapters/event-log/outcome-file.ts";
import {
  bookFolder,
  listSegmentDays,
  tradingRoot,
} from "../../../adapters/event-log/segments/segment-files.ts";
import { latestSnapshot, listSnapshots } from "../../../adapters/event-log/snapshots.ts";
import { COUNTED_BOOK } from "../../../domain/trading/books.ts";
import { publishedOf, type PublishedState } from "../../../domain/trading/published.ts";
import type { Trader } from "../../../domain/trading/trader.ts";
import { obstacleIn } from "../../../domain/trading/why/facts.ts";
import { type LimitUse, limitsUsed } from "../../../domain/trading/why/limits-used.ts";
import { createOrigins, noteOrigins, type Origins } from "../../../domain/trading/why/origins.ts";
import type { Configuration } from "../../../wire/configuration.ts";
import { decodeTraderSnapshot, type SavedState } from "../../../wire/trading/trader-snapshot.ts";
import { loadStrategies } from "../../books/configured-strategies.ts";
import { beginBlue } from "../../books/fold-blue.ts";
import { standingAt } from "../../why/book-answer.ts";
import { segmentFirstIndex } from "../../why/find-event.ts";
import { type BookSeries, createBookSeries } from "./book-series.ts";
import { isInOrder } from "./in-order.ts";
import { traderOf } from "../../../domain/supervision/services.ts";

export type BookViewDeps = {
  readonly dataDir: string;
  readonly configuration: Pick<Configuration, "trader" | "green">;
};

export type BookStanding = {
  readonly state: PublishedState;
  /** Time of the newest event that was taken. */
  readonly atMs: number;
  /** False: the log has more than was read so far. */
  readonly isCaughtUp: boolean;
  readonly limits: readonly LimitUse[];
  /** What refuses any entry now, in words; null: nothing. */
  readonly obstacle: { readonly rule: string; readonly says: string } | null;
  readonly warmUp: {
    readonly isWarm: boolean;
    /** At least this many scans are missing; null: the strategy does not say. */
    readonly scansToGo: number | null;
  };
  readonly threshold: number | null;
  readonly series: BookSeries;
};

export type StandingView = {
  /** Takes new events for about this long; a sentence where there is no state. */
  standing(withinMs: number): Promise<BookStanding | string>;
  close(): void;
};

/** Events before the newest snapshot with which the charts begin. */
const EVENTS_BACK = 12_000;
const EVENTS_PER_POLL = 64;
const NOT_RUN = `no trader of ${COUNTED_BOOK} has run here yet: 'dolphin start ${traderOf(COUNTED_BOOK).name}'`;

type Run = {
  readonly fold: ReturnType<typeof beginBlue>;
  readonly reader: EventLogReader;
  readonly series: BookSeries;
  readonly origins: Origins;
  isCaughtUp: boolean;
};

export function createBookView(deps: BookViewDeps): StandingView {
  let run: Run | null = null;
  const close = (): void => {
    run?.reader.close();
    run = null;
  };
  return {
    async standing(withinMs) {
      try {
        run ??= await begin(deps);
        if (run === null) return NOT_RUN;
        takeIn(run, withinMs);
      } catch (error) {
        // The log was truncated, or an unknown version appeared: start over.
        close();
        throw error;
      }
      const { trader } = run.fold.blue;
      return trader.nextIndex <= 1 ? "BLUE's log has no event yet" : standingOf(run, trader);
    },
    close,
  };
}

async function begin({ dataDir, configuration }: BookViewDeps): Promise<Run | null> {
  const place = { root: tradingRoot(dataDir), book: COUNTED_BOOK };
  const folder = bookFolder(place.root, place.book);
  if (listSegmentDays(folder).length === 0) return null;
  const saved = startIn(folder);
  const recorded = saved?.configurationHash ?? null;
  const names = recorded === null ? [] : recordedStrategy(folder, recorded);
  const { trader, green } = configuration;
  const present = [trader.strategy, ...(green.strategy === null ? [] : [green.strategy])];
  const strategyOf = await loadStrategies([...new Set([...present, ...names])]);
  const fold = beginBlue({ dataDir, configuration, strategyOf, say: () => {} }, saved);
  const reader = new EventLogReader(place, fold.blue.trader.nextIndex);
  const origins = createOrigins(fold.blue.trader);
  return { fold, reader, origins, series: createBookSeries(), isCaughtUp: false };
}

/** Null: the log is available from its beginning. */
function startIn(folder: string): SavedState | null {
  const kept = listSnapshots(folder);
  const far = (kept.at(-1) ?? 0) - EVENTS_BACK;
  const wanted = kept.findLast((index) => index <= far) ?? kept[0];
  const [oldest = ""] = listSegmentDays(folder);
  const isWhole = segmentFirstIndex(folder, oldest) <= 1;
  // A log this short is folded completely.
  if (isWhole && (wanted === undefined || wanted <= EVENTS_BACK)) return null;
  const { snapshot } = latestSnapshot(folder, wanted ?? Number.MAX_SAFE_INTEGER);
  return snapshot === null ? readDayBegin(folder, oldest) : decodeTraderSnapshot(snapshot.bytes);
}

function takeIn(run: Run, withinMs: number): void {
  const { fold, reader, series, origins } = run;
  const untilMs = monotonicMs() + withinMs;
  let count = 0;
  run.isCaughtUp = false;
  for (const event of reader.poll()) {
    fold.step(event);
    const { trader } = fold.blue;
    noteOrigins(origins, event, trader);
    if (event.kind === "scan" && isInOrder(trader)) series.add(event, trader);
    count += 1;
    if (count % EVENTS_PER_POLL === 0 && untilMs < monotonicMs()) return;
  }
  run.isCaughtUp = true;
}

function standingOf({ origins, series, isCaughtUp }: Run, trader: Trader): BookStanding {
  const { strategy, windows, data } = trader;
  const event = { kind: "tick", index: trader.nextIndex - 1, nowMs: data.nowMs } as const;
  const obstacle = obstacleIn(standingAt(trader, event, origins).facts);
  const { threshold } = strategy.parameters;
  return {
    state: publishedOf(trader),
    atMs: data.nowMs,
    isCaughtUp,
    limits: limitsUsed(trader),
    obstacle: obstacle === null ? null : { rule: obstacle.rule, says: obstacle.says },
    warmUp: { isWarm: strategy.isWarm(), scansToGo: scansToGo(strategy, windows) },
    threshold: typeof threshold === "number" ? threshold : null,
    series,
  };
}

/** Some windows only start to fill when others are full: it may take longer. */
function scansToGo(strategy: Trader["strategy"], windows: Trader["windows"]): number | null {
  const lacking = (strategy.explain?.(windows) ?? []).flatMap(({ of, passes, value, bound }) =>
    of === "warm" && !passes && typeof value === "number" && typeof bound === "number"
      ? [bound - value]
      : [],
  );
  return lacking.length === 0 ? null : Math.ceil(Math.max(...lacking));
}
