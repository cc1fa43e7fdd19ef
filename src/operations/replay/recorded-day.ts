/** Replay and drift of a recorded day of a book, for a verb and for a worker's activity alike. */
import { hasLog } from "../../domain/trading/books.ts";
import type { DayDrift } from "../../wire/session/day-drift.ts";
import type { DayReplay } from "../../wire/session/day-replay.ts";
import { bookProgram, type BookSettings, noLog } from "./book-program.ts";
import { measureDayDrift } from "./day-drift.ts";
import { replayVersions } from "./replay-versions.ts";

export type DayToReplay = {
  readonly settings: BookSettings;
  readonly book: string;
  readonly day: string;
};

export async function replayRecordedDay({ settings, book, day }: DayToReplay): Promise<DayReplay> {
  if (!hasLog(book)) {
    return { book, day, now: null, verdict: "not_comparable", reason: noLog(book) };
  }
  return replayVersions({ dataDir: settings.data_dir, configuration: settings }, day);
}

export async function driftOfRecordedDay(
  { settings, book, day }: DayToReplay,
  onProblem: (problem: string) => void,
): Promise<DayDrift> {
  const { data_dir: dataDir, archive } = settings;
  const found = await bookProgram(settings, book, day);
  if (typeof found === "string") return { book, day, measured: false, reason: found };
  return measureDayDrift({ ...found, day, archive, dataDir, onProblem });
}
