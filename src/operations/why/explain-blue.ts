/**
 * Explains a book's decision at a time: folds its log from the nearest state up to there, with the present code and
 * the configuration of that time. Read-only, beside a running trader, and holds only one state in memory.
 */
import { beginBlue, type FoldBlueDeps } from "../books/fold-blue.ts";
import { loadStrategies } from "../books/configured-strategies.ts";
import { recordedStrategy } from "../../adapters/event-log/books/recorded-configurations.ts";
import { readDayBegin, readOutcomes } from "../../adapters/event-log/outcome-file.ts";
import {
  bookFolder,
  listSegmentDays,
  tradingRoot,
} from "../../adapters/event-log/segments/segment-files.ts";
import { latestSnapshot } from "../../adapters/event-log/snapshots.ts";
import type { SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { decisionDigest } from "../../domain/trading/replay/step-digest.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import { explainDecision, type Explanation } from "../../domain/trading/why/explain-decision.ts";
import { createOrigins, noteOrigins, type Origins } from "../../domain/trading/why/origins.ts";
import { decodeTraderSnapshot, type SavedState } from "../../wire/trading/trader-snapshot.ts";
import {
  type BookAnswer,
  type BookQuestion,
  type ExplainedBook,
  nothingOf,
  standingPostureOf,
  standingAt,
} from "./book-answer.ts";
import { eventsFrom, findEvent, segmentFirstIndex, type FoundEvent } from "./find-event.ts";

/** Days before the requested one that are folded to find the origin of a halt or a latch. */
const ORIGIN_DAYS_MAX = 2;

/** @throws {Error} where the log is damaged, or a strategy's file can't be run. */
export async function explainBlue(question: BookQuestion): Promise<BookAnswer> {
  const { dataDir, configuration, when } = question;
  const place = { root: tradingRoot(dataDir), book: COUNTED_BOOK };
  const folder = bookFolder(place.root, place.book);
  const found = findEvent(place, when);
  if (found === null) return nothingOf(folder, when);
  let answer: ExplainedBook | null = null;
  for (const start of startsBefore(folder, found)) {
    const recorded = start.saved?.configurationHash ?? null;
    const names = recorded === null ? [] : recordedStrategy(folder, recorded);
    const { trader, green } = configuration;
    const present = [trader.strategy, ...(green.strategy === null ? [] : [green.strategy])];
    const strategyOf = await loadStrategies([...new Set([...present, ...names])]);
    const deps = { dataDir, configuration, strategyOf, say: () => {} };
    const folded = foldTo({ deps, place, start, found });
    if (typeof folded === "string") return answer ?? folded;
    answer = folded.answer;
    if (hasOrigins(folded, question)) break;
  }
  return answer ?? nothingOf(folder, when);
}

type Start = { readonly saved: SavedState | null; readonly from: string };

/** The nearest first, then the initial states of earlier days: a fold that starts earlier knows more. */
function* startsBefore(
  folder: string,
  { askedIndex, lastIndex, day }: FoundEvent,
): Generator<Start> {
  const target = askedIndex ?? lastIndex;
  const { snapshot } = latestSnapshot(folder, target - 1);
  const days = listSegmentDays(folder).filter((one) => one <= day);
  const begins = days.toReversed().slice(0, ORIGIN_DAYS_MAX);
  let nearest = 0;
  if (snapshot !== null) {
    nearest = snapshot.index;
    const begin = readDayBegin(folder, begins[0] ?? "");
    const isNearer =
      begin === null || begin.snapshot.nextIndex <= nearest || target < begin.snapshot.nextIndex;
    if (isNearer)
      yield { saved: decodeTraderSnapshot(snapshot.bytes), from: `snapshot ${nearest}` };
  }
  for (const one of begins) {
    const begin = readDayBegin(folder, one);
    if (begin === null || target < begin.snapshot.nextIndex) continue;
    yield { saved: begin, from: `the state with which ${one} began` };
  }
  const [oldest] = days;
  const isWhole = oldest !== undefined && segmentFirstIndex(folder, oldest) <= 1;
  if (isWhole && begins.length === days.length) yield { saved: null, from: "the log's beginning" };
}

type Job = {
  readonly deps: FoldBlueDeps;
  readonly place: SegmentLogPlace;
  readonly start: Start;
  readonly found: FoundEvent;
};

type Folded = {
  readonly answer: ExplainedBook;
  readonly trader: Trader;
  readonly origins: Origins;
};

function foldTo({ deps, place, start, found }: Job): Folded | string {
  const { askedIndex, lastIndex } = found;
  const fold = beginBlue(deps, start.saved);
  const fromIndex = fold.blue.trader.nextIndex;
  if ((askedIndex ?? lastIndex) < fromIndex) {
    return `what BLUE ran at event ${askedIndex ?? lastIndex} is no longer available`;
  }
  const origins = createOrigins(fold.blue.trader);
  let decided: Explanation | null = null;
  let standing: Explanation | null = null;
  let digest: number | null = null;
  for (const event of eventsFrom(place, fromIndex)) {
    if (lastIndex < event.index) break;
    fold.step(event);
    const { trader } = fold.blue;
    noteOrigins(origins, event, trader);
    if (event.index === askedIndex) {
      decided = explainDecision(trader, event, origins);
      digest = decisionDigest(trader, event.index);
    }
    if (event.index !== lastIndex) continue;
    standing = standingAt(trader, event, origins);
  }
  if (standing === null) return `event ${lastIndex} is no longer in the log`;
  const { trader } = fold.blue;
  const folder = bookFolder(place.root, place.book);
  const recorded =
    askedIndex === null ? undefined : readOutcomes(folder, found.day)?.get(askedIndex);
  const answer: ExplainedBook = {
    decided,
    standing,
    posture: standingPostureOf(trader, origins),
    read: { folder, from: start.from, fromIndex, toIndex: lastIndex },
    recorded: recorded === undefined ? "unknown" : recorded.decision === digest ? "same" : "other",
  };
  return { answer, trader, origins };
}

/** Whether the start of everything that holds the book back is in the part that was read. */
function hasOrigins({ trader, origins }: Folded, { isPostureAsked }: BookQuestion): boolean {
  const { isHalted, latched } = trader.data.risk;
  return (
    (isPostureAsked !== true || origins.posture !== null) &&
    (!isHalted || origins.halted !== null) &&
    latched.every((limit) => origins.latched.has(limit))
  );
}
