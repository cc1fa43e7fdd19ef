/**
 * `dolphin replay DATE --book BLUE`: runs the recorded day through the core again, and compares it with the records.
 */
import type { Command } from "commander";
import { replayRecordedDay } from "../../operations/replay/recorded-day.ts";
import type { Difference } from "../../domain/trading/replay/replay.ts";
import { type DayReplay, dayReplayJson, type ReplayNow } from "../../wire/session/day-replay.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { COUNTED_BOOK, isBook } from "../../domain/trading/books.ts";

const HELP = `
Folds the day's recorded events through the core again, from the last snapshot before the day or from the
beginning of the journal, and compares each step's decision, ledger and PnL, every trade and every stored
snapshot, byte for byte. The paper broker also runs again: its fills must equal the recorded ones.

The day is folded with the code and the strategy file that ran it, which a trader stores below
<data-dir>/code. If the present code differs, the day is folded with that as well, and the first step that
differs is shown beside the recorded one. On a day with a promotion, a change of configuration or a new
release, each part is folded with the version that ran it.

Exit status:
  0   equal
  1   different, with the code of that day or with the present code; the first difference is shown with its event
  3   not comparable: code that is not stored, another configuration, a missing or damaged record, lost
      digests, book GREEN (the line says which)

--json prints {book, day, verdict, reason, from_index, snapshot_index, events, decisions, trades,
compared: {digests, trades, snapshots, fills}, undigested, differences, first_difference,
broker: {differences, first_difference}, now: null or {code, verdict, reason, differences,
first_difference}}; a difference is {index, what, event, recorded, replayed}.`;

const EXITS = { equal: 0, different: 1, not_comparable: 3 } as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

type ReplayFlags = { readonly book: string; readonly json: boolean };

export function addReplayCommand(program: Command): void {
  program
    .command("replay")
    .description("run a recorded day of a book again and compare it with what was recorded")
    .argument("<date>", "the UTC day, such as 2026-03-25")
    .option("--book <book>", `${COUNTED_BOOK}; no other book has a log of its own`, COUNTED_BOOK)
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action(async (day: string, flags: ReplayFlags, command: Command) => {
      if (!DAY.test(day)) throw usage(`the date must be a day such as 2026-03-25, was '${day}'`);
      if (!isBook(flags.book)) {
        throw usage(`--book must be ${COUNTED_BOOK}, was '${flags.book}'`);
      }
      const replay = await replayRecordedDay({
        settings: openContext(command).config,
        book: flags.book,
        day,
      });
      const text = flags.json ? JSON.stringify(dayReplayJson(replay), null, 2) : textOf(replay);
      process.stdout.write(`${text}\n`);
      const isChanged = replay.verdict === "equal" && replay.now?.verdict === "different";
      process.exitCode = isChanged ? EXITS.different : EXITS[replay.verdict];
    });
}

function usage(message: string): CliError {
  return new CliError(message, EXIT_USAGE);
}

function textOf(replay: DayReplay): string {
  const name = `${replay.book} ${replay.day}`;
  if (replay.verdict === "not_comparable") {
    return [`${name}: not comparable: ${replay.reason}`, ...nowLines(replay.now)].join("\n");
  }
  const { outcome, snapshotIndex } = replay;
  const { events, decisions, trades, compared, undigested, broker } = outcome;
  const start = snapshotIndex === 0 ? "the journal's beginning" : `snapshot ${snapshotIndex}`;
  const lines = [
    `${name}: ${replay.verdict}, folded from ${start}`,
    `  events ${events}, decisions ${decisions}, trades ${trades}`,
    `  compared: ${compared.digests} steps, ${compared.trades} trades, ` +
      `${compared.snapshots} snapshots; without a digest: ${undigested}`,
    `  replay: ${verdictOf(outcome.differences)}`,
    ...differenceLines(outcome.firstDifference),
    `  paper broker, ${broker.compared} reports: ${verdictOf(broker.differences)}`,
    ...differenceLines(broker.firstDifference),
    ...nowLines(replay.now),
  ];
  return lines.join("\n");
}

function nowLines(now: ReplayNow | null): readonly string[] {
  if (now === null) return [];
  const { verdict, reason, differences, firstDifference } = now;
  const name = `  what runs now, ${now.code.slice(0, 12)}`;
  if (verdict === "not_comparable") return [`${name}: not comparable: ${reason}`];
  return [`${name}: ${verdictOf(differences)}`, ...differenceLines(firstDifference)];
}

function verdictOf(differences: number): string {
  return differences === 0 ? "equal" : `different (${differences})`;
}

function differenceLines(difference: Difference | null): readonly string[] {
  if (difference === null) return [];
  const { index, what, event, recorded, replayed } = difference;
  return [
    `    first at event ${index}, in its ${what}:`,
    `      event    ${JSON.stringify(event)}`,
    `      recorded ${JSON.stringify(recorded)}`,
    `      replayed ${JSON.stringify(replayed)}`,
  ];
}
