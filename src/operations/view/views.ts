/** All data that the dashboard's pages read from files: one function per question, with plain and bounded answers. */
import type { ReadingRow } from "../../adapters/indicators/readings-store.ts";
import { type ThinnedSeries, thinnedSeries } from "../../domain/statistics/thinned-series.ts";
import type { BookName } from "../../domain/trading/books.ts";
import type { PublishedState } from "../../domain/trading/published.ts";
import type { Evidence } from "../../domain/trading/why/facts.ts";
import { projectionPath } from "../event-log/event-log-maintenance.ts";
import { openReadings } from "../indicators/indicator-view.ts";
import { explainBook } from "../why/explain-book.ts";
import type { RefusedEntry } from "./books/book-series.ts";
import { type BookStanding, type BookViewDeps, createBookView } from "./books/book-view.ts";
import { createGreenView, type GreenCurve } from "./books/green-view.ts";
import type { TradeRow } from "../projection/trade-row.ts";
import { type LedgerView, createLedgerView, tradesOfAsset } from "./ledger/ledger-view.ts";
import { drawForecast, type ForecastView, readForecast } from "./forecast-view.ts";
import { createResearchView, type ResearchView } from "./research-view.ts";
import { createScanView, type ScanHistory, type ScanQuestion } from "./scan-view.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

/** A sentence that says what is missing and what to do. */
type Absent = { readonly absent: string };

/** The common part of every answer about BLUE's log. */
type OfLog = Pick<BookStanding, "atMs" | "isCaughtUp" | "warmUp" | "obstacle"> & {
  readonly scansKept: number;
  readonly firstMs: number | null;
};

export type SignalView = OfLog & {
  readonly strategy: string;
  readonly threshold: number | null;
  readonly readings: Readonly<Record<string, ThinnedSeries>>;
  /** The largest ones, each as the highest value per part of time. */
  readonly eigenvalues: readonly Pick<ThinnedSeries, "atMs" | "high">[];
  /** The largest divided by the number of assets, at the newest scan; null: it has none. */
  readonly share: number | null;
};

export type TradingView = OfLog & {
  readonly state: PublishedState;
  readonly limits: BookStanding["limits"];
  readonly equity: ThinnedSeries;
  readonly drawdown: ThinnedSeries;
  readonly refusals: readonly RefusedEntry[];
};

export type PriceView = {
  readonly asset: string;
  readonly prices: ThinnedSeries;
  readonly trades: readonly TradeRow[];
};

export type WhyView = {
  readonly outcome: string | null;
  readonly atMs: number;
  readonly seq: number | null;
  readonly facts: readonly Pick<Evidence, "rule" | "passes" | "says">[];
  readonly recorded: string;
};

export type IndicatorChart = {
  readonly unit: string;
  readonly points: ThinnedSeries;
  /** Newest first, revisions included. */
  readonly rows: readonly ReadingRow[];
};

export type Views = {
  scans(question: ScanQuestion): ScanHistory | null;
  signal(): Promise<SignalView | Absent>;
  trading(): Promise<TradingView | Absent>;
  /** What GREEN had at BLUE's scans. */
  green(): Promise<GreenCurve | Absent>;
  /** At a time; the file is read anew for each answer. */
  forecast(nowMs: number): ForecastView | Absent;
  /** An SVG file, `wide` or `narrow`; null: there is nothing to draw. */
  forecastPicture(form: string): string | null;
  ledger(): LedgerView | null;
  prices(asset: string): Promise<PriceView | Absent>;
  why(book: BookName, seq: number | null): Promise<WhyView | Absent>;
  /** For an indicator or one of its series; null: nothing of it was recorded. */
  indicator(series: string): IndicatorChart | null;
  research(): ReturnType<ResearchView["list"]>;
  sweepMap(name: string): ReturnType<ResearchView["sweepMap"]>;
  sheet(name: string): string | null;
};

/** Time for folding the log per answer; the rest follows with the next one. */
const FOLD_WITHIN_MS = 400;
const READINGS_MAX = 20_000;
const READING_ROWS_SHOWN = 20;

export function createViews(deps: BookViewDeps): Views {
  const { dataDir, configuration } = deps;
  const projection = projectionPath(dataDir);
  const scans = createScanView(scanJournalFile(dataDir));
  const book = createBookView(deps);
  const green = createGreenView(deps);
  const research = createResearchView(dataDir);
  const standing = () => book.standing(FOLD_WITHIN_MS);
  return {
    scans: (question) => scans.history(question),
    async signal() {
      const blue = await standing();
      if (typeof blue === "string") return { absent: blue };
      const { largest, share } = blue.series.eigenvalues();
      const eigenvalues = largest.map(({ atMs, high }) => ({ atMs, high }));
      return {
        ...ofLog(blue),
        strategy: blue.state.strategy,
        threshold: blue.threshold,
        readings: blue.series.readings(),
        eigenvalues,
        share,
      };
    },
    async trading() {
      const blue = await standing();
      if (typeof blue === "string") return { absent: blue };
      const { state, limits, series } = blue;
      return { ...ofLog(blue), state, limits, ...series.equity(), refusals: [...series.refusals] };
    },
    async green() {
      const curve = await green.curve(FOLD_WITHIN_MS);
      return typeof curve === "string" ? { absent: curve } : curve;
    },
    forecast: (nowMs) => readForecast({ dataDir, nowMs }),
    forecastPicture: (form) => drawForecast(dataDir, form),
    ledger: createLedgerView(projection),
    async prices(asset) {
      const blue = await standing();
      if (typeof blue === "string") return { absent: blue };
      const prices = blue.series.prices(asset);
      if (prices === null) {
        return { absent: `the last ${blue.series.count} scans have no price of ${asset}` };
      }
      const trades = tradesOfAsset(projection, asset, blue.series.firstMs ?? 0);
      return { asset, prices, trades };
    },
    async why(name, seq) {
      const when = seq === null ? ({ kind: "now" } as const) : ({ kind: "seq", seq } as const);
      const answer = await explainBook(name, { dataDir, configuration, when });
      if (typeof answer === "string") return { absent: answer };
      const { event, facts, concluded } = answer.decided ?? answer.standing;
      return {
        outcome: concluded?.outcome ?? null,
        atMs: event.atMs,
        seq: event.seq,
        facts: facts.map(({ rule, passes, says }) => ({ rule, passes, says })),
        recorded: answer.recorded,
      };
    },
    indicator: (series) => chartOf(dataDir, series),
    research: () => research.list(),
    sweepMap: (name) => research.sweepMap(name),
    sheet: (name) => research.sheet(name),
  };
}

function ofLog({ atMs, isCaughtUp, warmUp, obstacle, series }: BookStanding): OfLog {
  const { count: scansKept, firstMs } = series;
  return { atMs, isCaughtUp, warmUp, obstacle, scansKept, firstMs };
}

function chartOf(dataDir: string, series: string): IndicatorChart | null {
  const store = openReadings(dataDir);
  try {
    const rows = store?.history(series, { count: READINGS_MAX, toUs: null }) ?? [];
    const own = rows.filter((row) => row.series === series || row.isOwn);
    const [newest] = own;
    if (newest === undefined) return null;
    const points = own.map(({ asOfMs, value }) => ({ atMs: asOfMs, value })).toReversed();
    return {
      unit: newest.unit,
      points: thinnedSeries(points),
      rows: own.slice(0, READING_ROWS_SHOWN),
    };
  } finally {
    store?.close();
  }
}
