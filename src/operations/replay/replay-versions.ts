/**
 * A recorded day with the code that ran it, and with the present code where that differs: the first shows whether the
 * record is reproducible, the second the effect of the change. After a promotion or a change within the day the newly
 * started version continues.
 */
import { codeHash } from "../../adapters/code/code-hash.ts";
import { runnableCode } from "./run-kept-code.ts";
import { messageOf } from "../../domain/failure.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import type { ReplayCore } from "../../domain/trading/replay/replay-core.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import type { Configuration } from "../../wire/configuration.ts";
import type { DayReplay, ReplayNow } from "../../wire/session/day-replay.ts";
import { bookConfiguration, type StrategyOf } from "../../wire/trading/book-configuration.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";
import type { RecordedProgram } from "../../wire/trading/trader-snapshot.ts";
import { TradingRecordDecoder } from "../../wire/event-log/trading-record.ts";
import { promotedStateAt, readBooksFile } from "../../adapters/event-log/books/books-store.ts";
import { loadStrategies } from "../books/configured-strategies.ts";
import { recordedSettings } from "../../adapters/event-log/books/recorded-configurations.ts";
import { SegmentLogReader } from "../../adapters/event-log/segment-log-reader.ts";
import { bookFolder, tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import { SegmentLogError } from "../../adapters/event-log/segments/segment-log-error.ts";
import type { SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";
import { type DayVersions, isOther, type ReplayProgram } from "./day-versions.ts";
import { NotComparable } from "./not-comparable.ts";
import { readDayBegin } from "../../adapters/event-log/outcome-file.ts";
import { configurationHashOf, firstIndexOf, replayDay } from "./replay-day.ts";

export type ReplayedBook = {
  readonly dataDir: string;
  readonly configuration: Pick<Configuration, "trader" | "green">;
};

/** The book that has a log. */
const BOOK = COUNTED_BOOK;

type Version = {
  readonly ran: RecordedProgram;
  /** Each a sentence where it is not available. */
  readonly was: ReplayProgram | string;
  /** Null: it is the recorded one. */
  readonly now: ReplayProgram | string | null;
  readonly codeNow: string;
};

export async function replayVersions(of: ReplayedBook, day: string): Promise<DayReplay> {
  const place = { root: tradingRoot(of.dataDir), book: BOOK };
  const about = { book: BOOK, day, now: null };
  try {
    const versions: Version[] = [];
    for (const ran of programsOf(place, day)) versions.push(await versionOf(of, place, ran));
    return replayed(place, day, { versions, promotedAt: promotions(of.dataDir) });
  } catch (error) {
    const isExpected = error instanceof NotComparable || error instanceof SegmentLogError;
    if (!isExpected) throw error;
    return { ...about, verdict: "not_comparable", reason: error.message };
  }
}

type Asked = Pick<DayVersions, "promotedAt"> & { readonly versions: readonly Version[] };

function replayed(place: SegmentLogPlace, day: string, asked: Asked): DayReplay {
  const [first] = asked.versions;
  if (first === undefined) throw new NotComparable(`${day} has a segment without an event`);
  const isChanged = asked.versions.some(({ now }) => now !== null);
  const now = isChanged ? replayedNow(place, day, asked) : null;
  const was = {
    versions: versionsBy(asked, "was"),
    watchedIndex: now?.firstDifference?.index,
  };
  const replay: DayReplay =
    typeof first.was === "string"
      ? { book: BOOK, day, now: null, verdict: "not_comparable", reason: first.was }
      : replayDay(place, day, { ...first.was, ...was });
  if (now === null || replay.verdict === "not_comparable") return { ...replay, now };
  const { firstDifference } = now;
  const shown = replay.outcome.watched;
  if (firstDifference === null || shown === null) return { ...replay, now };
  return { ...replay, now: { ...now, firstDifference: { ...firstDifference, recorded: shown } } };
}

function replayedNow(place: SegmentLogPlace, day: string, asked: Asked): ReplayNow {
  const [first] = asked.versions;
  const code = first?.codeNow ?? "";
  const program = first?.now ?? first?.was ?? "";
  const none = { code, verdict: "not_comparable", differences: 0, firstDifference: null } as const;
  if (typeof program === "string") return { ...none, reason: program };
  const replay = replayDay(place, day, { ...program, versions: versionsBy(asked, "now") });
  if (replay.verdict === "not_comparable") return { ...none, reason: replay.reason };
  const { differences, firstDifference, broker } = replay.outcome;
  return {
    code,
    verdict: replay.verdict,
    reason: null,
    differences: differences + broker.differences,
    firstDifference: firstDifference ?? broker.firstDifference,
  };
}

function versionsBy({ versions, promotedAt }: Asked, which: "was" | "now"): DayVersions {
  const found: DayVersions = {
    promotedAt,
    of(ran) {
      const version = versions.find((one) => !isOther(one.ran, ran));
      const program = version?.[which] ?? version?.was ?? "nothing is known of what was started";
      return typeof program === "string" ? program : { ...program, versions: found };
    },
  };
  return found;
}

async function versionOf(
  { dataDir, configuration }: ReplayedBook,
  place: SegmentLogPlace,
  ran: RecordedProgram,
): Promise<Version> {
  const folder = bookFolder(place.root, place.book);
  const settings =
    recordedSettings(folder, ran.configurationHash) ??
    settingsOfBook(BOOK, configuration, readBooksFile(dataDir));
  const program = (strategyOf: StrategyOf, core?: ReplayCore): ReplayProgram | string => {
    try {
      const { trader, paper, hash } = bookConfiguration(place.book, settings, strategyOf);
      const parts = { trader, paper, configurationHash: hash, codeHash: ran.codeHash };
      return core === undefined ? parts : { ...parts, core };
    } catch (error) {
      return messageOf(error);
    }
  };
  const code = await runnableCode(dataDir, ran.codeHash, settings.strategy);
  const was = typeof code === "string" ? code : program(code.strategyOf, code.core);
  const present = program(await loadStrategies([settings.strategy]));
  if (typeof present === "string") return { ran, was, now: present, codeNow: codeHash(undefined) };
  const codeNow = codeHash(present.trader.strategy.fileHash);
  // It takes the recorded program's hash, because the day and its starts are checked against that.
  const now = { ...present, configurationHash: ran.configurationHash, isStandIn: true };
  return { ran, was, now: codeNow === ran.codeHash ? null : now, codeNow };
}

/** The programs that ran on the day, in order, each once. @throws {NotComparable | SegmentLogError} */
function programsOf(place: SegmentLogPlace, day: string): readonly RecordedProgram[] {
  const folder = bookFolder(place.root, place.book);
  const fromIndex = firstIndexOf(folder, place.book, day);
  const found: RecordedProgram[] = [];
  const add = ({ configurationHash, codeHash: code }: RecordedProgram) => {
    const program = { configurationHash, codeHash: code };
    if (found.every((other) => isOther(other, program))) found.push(program);
  };
  const begin = readDayBegin(folder, day);
  if (begin !== null && begin.snapshot.nextIndex === fromIndex) add(begin);
  for (const event of eventsOf(place, day, fromIndex)) {
    if (event.kind === "started") add(event);
    else if (found.length === 0) {
      add({
        configurationHash: configurationHashOf(place, day) ?? "",
        codeHash: codeHash(undefined),
      });
    }
  }
  return found;
}

function* eventsOf(place: SegmentLogPlace, day: string, from: number): Generator<TraderEvent> {
  const reader = new SegmentLogReader(place, from);
  const decoder = new TradingRecordDecoder();
  try {
    for (const { kind, payload, index, day: of } of reader.poll()) {
      if (day < of) break;
      if (kind === "definition") decoder.define(payload);
      else yield decoder.decode(payload, index);
    }
  } catch (error) {
    if (error instanceof SegmentLogError) throw error;
    throw new NotComparable(messageOf(error), { cause: error });
  } finally {
    reader.close();
  }
}

function promotions(dataDir: string): DayVersions["promotedAt"] {
  const indices = new Set(readBooksFile(dataDir).promotions.map(({ at_index }) => at_index));
  return (index) => (indices.has(index) ? (promotedStateAt(dataDir, index)?.blue ?? null) : null);
}
