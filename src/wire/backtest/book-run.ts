/**
 * The configuration of a backtest run: the book's section, with the changes that were asked for. Trader and
 * research build it with the same function, `bookConfiguration`.
 */
import { lossLimitsOf, type RunSettings } from "../../domain/backtest/run-settings.ts";
import type { FillConvention } from "../../domain/trading/broker/paper-broker.ts";
import type { Posture } from "../../domain/trading/posture.ts";
import type { Parameters, StrategyChoice } from "../../domain/trading/strategy.ts";
import { type BookSection, parseBookSection } from "../configuration.ts";
import { bookConfiguration, delistingOf, marginOf } from "../trading/book-configuration.ts";
import { riskLimitsOf } from "../trading/book-limits.ts";

type Limits = BookSection["limits"];

/** Changes to the book's section, under the section's key names; null or absent: as the book has it. */
export type AskedOfRun = {
  /** Replaces the book's strategy. A strategy other than the book's starts from its own defaults. */
  readonly parameters?: Parameters | null;
  readonly posture?: Posture | null;
  readonly fills?: FillConvention | null;
  readonly capital?: number | null;
  readonly fee_bps?: number | null;
  readonly slippage_bps?: number | null;
  readonly seed?: number | null;
  readonly partial_share?: number | null;
  readonly reject_share?: number | null;
  readonly instruments?: Readonly<Record<string, object>> | null;
  readonly age_budgets_s?: Readonly<Record<string, number>> | null;
  /** `never`: a position stays open forever when its asset disappears. */
  readonly delisted_after_s?: number | "never" | null;
  readonly delisted_at?: number | null;
  /**
   * Keys that override the book's margin; `none`: nothing is liquidated, and the run ends when the equity is
   * gone.
   */
  readonly margin?: "none" | "book" | Readonly<Record<string, unknown>> | null;
  /** Limits that override the book's; null: no limits, so that the strategy alone is judged. */
  readonly limits?: "book" | Partial<Limits> | null;
  /** Loss limits over the book's that a run without limits only reports. */
  readonly watched?: Partial<Limits> | null;
};

export type BookDifference = {
  /** As in the section `trader`. */
  readonly key: string;
  readonly run: string;
  readonly book: string;
};

export type BookRun = {
  /** The configuration that the run was built from. */
  readonly section: BookSection;
  readonly settings: RunSettings;
  readonly differsFromBook: readonly BookDifference[];
};

export type AskedStrategy = {
  readonly choice: StrategyChoice;
  /** As the section names it. */
  readonly source: string;
};

const NONE = "none";
/** Only a watchdog decides a book's posture, so a run's posture is not reported as a difference. */
const USUAL_POSTURE: Posture = "APEX";

/** @throws {Error} that names the key, the parameter or the input. */
export function runOfBook(book: BookSection, asked: AskedOfRun, strategy: AskedStrategy): BookRun {
  const section = sectionOfRun(book, asked, strategy.source);
  const { trader, paper } = bookConfiguration("BACKTEST", section, () => strategy.choice);
  const { capital } = trader;
  const watched = parseBookSection({ ...book, limits: { ...book.limits, ...asked.watched } });
  const isLimited = (asked.limits ?? null) !== null;
  return {
    section,
    settings: {
      parameters: trader.parameters,
      posture: asked.posture ?? USUAL_POSTURE,
      convention: paper.convention,
      capital,
      feeBps: paper.feeBps,
      slippageBps: paper.slippageBps,
      seed: paper.seed,
      partialShare: paper.partialShare,
      rejectShare: paper.rejectShare,
      instruments: trader.instruments,
      ageBudgetsMs: trader.ageBudgetsMs,
      delisting: delistingOf(section).delisting ?? null,
      margin: marginOf(section).margin ?? null,
      limits: isLimited ? trader.limits : null,
      watched: lossLimitsOf(riskLimitsOf(watched.limits, capital)),
    },
    differsFromBook: differencesOf({ book, section, choice: strategy.choice, isLimited }),
  };
}

function sectionOfRun(book: BookSection, asked: AskedOfRun, strategy: string): BookSection {
  const { posture: _, watched: __, fills, limits, margin, ...plain } = asked;
  const named = Object.entries(plain).filter(([, value]) => value !== null);
  return parseBookSection({
    ...book,
    strategy,
    parameters: usualParameters(book, strategy),
    ...Object.fromEntries(named),
    ...(asked.delisted_after_s === "never" ? { delisted_after_s: null } : {}),
    limits: { ...book.limits, ...(limits === "book" ? {} : limits) },
    margin: margin === "none" ? null : marginKeys(book, margin ?? "book"),
    ...fillKeys(fills ?? null),
  });
}

/** Without messages about them. */
export function usualParameters(book: BookSection, strategy: string): Parameters {
  return strategy === book.strategy ? book.parameters : {};
}

/** Overrides of the book's limits; for a book without limits, overrides of the defaults. */
function marginKeys(book: BookSection, asked: "book" | Readonly<Record<string, unknown>>) {
  return asked === "book" ? book.margin : { ...book.margin, ...asked };
}

function fillKeys(fills: FillConvention | null) {
  if (fills === null) return {};
  return fills.kind === "latency"
    ? { fill: fills.kind, fill_latency_ms: fills.latencyMs }
    : { fill: fills.kind };
}

type Compared = {
  readonly book: BookSection;
  readonly section: BookSection;
  readonly choice: StrategyChoice;
  readonly isLimited: boolean;
};

function differencesOf({ book, section, choice, isLimited }: Compared): readonly BookDifference[] {
  const isSameStrategy = section.strategy === book.strategy;
  const { capital } = section;
  return [
    ...between("", plainOf(section), plainOf(book)),
    // Another strategy has other parameters.
    ...(isSameStrategy
      ? between("parameters", startedWith(choice, section), startedWith(choice, book))
      : []),
    ...between("age_budgets_s", section.age_budgets_s, book.age_budgets_s),
    ...marginBetween(section.margin, book.margin),
    ...instrumentsBetween(section.instruments, book.instruments),
    ...(isLimited
      ? // A notional that is not configured is the capital of the book that uses it.
        between("limits", ofCapital(section.limits, capital), ofCapital(book.limits, capital))
      : [{ key: "limits", run: NONE, book: "on" }]),
  ];
}

function plainOf(section: BookSection) {
  const { strategy, capital, fee_bps, slippage_bps, seed, partial_share, reject_share } = section;
  const { delisted_after_s, delisted_at } = section;
  const fill = section.fill === "latency" ? `latency:${section.fill_latency_ms}` : section.fill;
  const costs = { fill, fee_bps, slippage_bps, seed, partial_share, reject_share };
  return { strategy, capital, ...costs, delisted_after_s, delisted_at };
}

function ofCapital(limits: Limits, capital: number): Limits {
  return {
    ...limits,
    position_notional_max: limits.position_notional_max ?? capital,
    gross_notional_max: limits.gross_notional_max ?? capital,
  };
}

/**
 * The defaults where nothing is configured; the text as configured where the book's strategy can't be loaded.
 */
function startedWith(choice: StrategyChoice, { parameters }: BookSection): Parameters {
  try {
    return choice.start(parameters).parameters;
  } catch {
    return parameters;
  }
}

function marginBetween(run: BookSection["margin"], book: BookSection["margin"]) {
  if (run !== null) return between("margin", run, book ?? {});
  return book === null ? [] : [{ key: "margin", run: NONE, book: "on" }];
}

function instrumentsBetween(
  run: BookSection["instruments"],
  book: BookSection["instruments"],
): readonly BookDifference[] {
  const [runs, books] = [Object.keys(run).length, Object.keys(book).length];
  if (runs === 0 && 0 < books) return [{ key: "instruments", run: NONE, book: String(books) }];
  return between("instruments", run, book);
}

function between(
  section: string,
  run: Readonly<Record<string, unknown>>,
  book: Readonly<Record<string, unknown>>,
): readonly BookDifference[] {
  const names = [...new Set([...Object.keys(run), ...Object.keys(book)])];
  return names
    .map((name) => ({
      key: section === "" ? name : `${section}.${name}`,
      run: textOf(run[name]),
      book: textOf(book[name]),
    }))
    .filter((one) => one.run !== one.book);
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return NONE;
  if (typeof value !== "object") return typeof value === "string" ? value : JSON.stringify(value);
  return Object.entries(value)
    .map(([name, one]) => `${name} ${String(one)}`)
    .join(" ");
}

/** The notes that are shown beside a run's figures. */
export function differenceText(differences: readonly BookDifference[], shownMax: number): string {
  const shown = differences
    .slice(0, shownMax)
    .map(({ key, run, book }) =>
      run === NONE && book === "on" ? `no ${key}` : `${key} ${run} instead of ${book}`,
    );
  const more = differences.length - shown.length;
  return shown.length === 0
    ? "as configured"
    : `as configured but for ${shown.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
}
