/**
 * The same for GREEN, which has no log of its own: folds BLUE's log from GREEN's nearest state on, with GREEN's own
 * paper desk, as its process does.
 */
import { readBooksFile } from "../../adapters/event-log/books/books-store.ts";
import { bookFolder, tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import { latestSnapshot, listSnapshots } from "../../adapters/event-log/snapshots.ts";
import { type BookName, COUNTED_BOOK, SHADOW_BOOK } from "../../domain/trading/books.ts";
import { createPaperDesk } from "../../domain/trading/broker/paper-desk.ts";
import { answerStep, type TraderAtDesk } from "../../domain/trading/broker/step-desk.ts";
import { readAlike, asGreenTakes } from "../../domain/trading/shadow/shadow.ts";
import { restoreFrom } from "../../domain/trading/snapshot/snapshot.ts";
import {
  createTrader,
  stepTrader,
  type Trader,
  workingOrdersOf,
} from "../../domain/trading/trader.ts";
import { explainDecision, type Explanation } from "../../domain/trading/why/explain-decision.ts";
import { createOrigins, noteOrigins } from "../../domain/trading/why/origins.ts";
import {
  type BookConfiguration,
  bookConfiguration,
} from "../../wire/trading/book-configuration.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";
import { decodeShadow } from "../../wire/trading/shadow-snapshot.ts";
import { loadStrategiesOf } from "../books/configured-strategies.ts";
import {
  type BookAnswer,
  type BookQuestion,
  nothingOf,
  standingPostureOf,
  standingAt,
} from "./book-answer.ts";
import { eventsFrom, findEvent, type FoundEvent } from "./find-event.ts";

/** @throws {Error} where the log is damaged, or a strategy's file can't be run. */
export async function explainGreen(question: BookQuestion): Promise<BookAnswer> {
  const { dataDir, configuration, when } = question;
  const place = { root: tradingRoot(dataDir), book: COUNTED_BOOK };
  const folder = bookFolder(place.root, COUNTED_BOOK);
  const found = findEvent(place, when);
  if (found === null) return nothingOf(folder, when);
  const strategyOf = await loadStrategiesOf(configuration);
  const books = readBooksFile(dataDir);
  const of = (book: BookName) =>
    bookConfiguration(book, settingsOfBook(book, configuration, books), strategyOf);
  const green = of(SHADOW_BOOK);
  const start = stateBefore(bookFolder(place.root, SHADOW_BOOK), found, green);
  if (typeof start === "string") return start;
  const isCarriedAlike = readAlike(createTrader(of(COUNTED_BOOK).trader), start.trader);
  const desk = deskOf(start.trader, green);
  const { askedIndex, lastIndex } = found;
  const fromIndex = start.index + 1;
  const origins = createOrigins(start.trader);
  let decided: Explanation | null = null;
  let standing: Explanation | null = null;
  for (const event of eventsFrom(place, fromIndex)) {
    if (lastIndex < event.index) break;
    const taken = asGreenTakes(desk.trader, event, isCarriedAlike);
    if (taken !== null) {
      const commands = stepTrader(desk.trader, taken);
      if (event.index === askedIndex) decided = explainDecision(desk.trader, taken, origins);
      answerStep(desk, taken, commands);
      noteOrigins(origins, taken, desk.trader);
    }
    if (event.index === lastIndex) standing = standingAt(desk.trader, event, origins);
  }
  if (standing === null) return `event ${lastIndex} is no longer in ${COUNTED_BOOK}'s log`;
  return {
    decided,
    standing,
    posture: standingPostureOf(desk.trader, origins),
    read: { folder, from: start.from, fromIndex, toIndex: lastIndex },
    recorded: "unknown",
  };
}

type Start = { readonly trader: Trader; readonly index: number; readonly from: string };

/** GREEN may have begun in the middle of the log, so only one of its own states says what it was. */
function stateBefore(
  folder: string,
  { askedIndex, lastIndex }: FoundEvent,
  { trader: configuration, hash }: BookConfiguration,
): Start | string {
  const target = askedIndex ?? lastIndex;
  const [oldest] = listSnapshots(folder);
  if (oldest === undefined)
    return `there is no saved state of ${SHADOW_BOOK} in ${folder}: it has not run long enough`;
  const { snapshot } = latestSnapshot(folder, target - 1);
  const shadow = snapshot === null ? null : decodeShadow(snapshot.bytes);
  if (shadow === null) {
    return `${SHADOW_BOOK}'s saved states begin at event ${oldest} of ${COUNTED_BOOK}'s log, and the question is about event ${target}`;
  }
  if (shadow.greenHash !== hash) {
    return `${SHADOW_BOOK} ran another configuration at event ${shadow.index} than it does now`;
  }
  const from = `${SHADOW_BOOK}'s snapshot ${shadow.index}`;
  return { trader: restoreFrom(configuration, shadow.green), index: shadow.index, from };
}

function deskOf(trader: Trader, { paper }: BookConfiguration): TraderAtDesk {
  return {
    trader,
    desk: createPaperDesk(paper, workingOrdersOf(trader)),
    beforeReport() {},
    onCommands() {},
  };
}
