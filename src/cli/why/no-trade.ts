/** `dolphin why no-trade`: the rules that a book's last decision passed through, from its log. */
import type { Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { BOOKS, isBook, type BookName } from "../../domain/trading/books.ts";
import { isoFromMs } from "../../domain/time.ts";
import { obstacleIn, type Evidence } from "../../domain/trading/why/facts.ts";
import type { Explanation } from "../../domain/trading/why/explain-decision.ts";
import { figure, timeText } from "../../domain/trading/why/words.ts";
import { explainBook } from "../../operations/why/explain-book.ts";
import type { ExplainedBook } from "../../operations/why/book-answer.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { decisionLines, factLines, obstacleLines } from "../rendering/why-text.ts";
import { whenFrom, type WhenFlags } from "./when.ts";

type Flags = WhenFlags & { readonly book: string; readonly json: boolean };

const HELP = `
Without --at and --seq: the last decision, and what prevents an entry now. Reads the book's log, also beside a
running trader. Folds it from the nearest snapshot to that event, with the present code and the configuration
of that time, and evaluates the core's own rules. 'recorded' says whether the trader made the same decision
then. The last line says what was read.

Marks: ok: the rule allows an entry; NO: it does not; --: for information only. The first NO is the reason.

Exit status:
  0   explained
  1   not possible: there is no log of that time, or it is damaged (the line says which)
  64  wrong usage

--json prints {book, decided, standing, posture, read, recorded}; decided (null: nothing was decided) and
standing are {index, kind, at, seq, outcome, refusal, subject, signal, obstacle, facts}; a fact is {rule,
subject, passes, value, bound, unit, since, says}. A value that is infinite (never received) is null.`;

/** Events come with each scan, posture and second. */
const QUIET_AFTER_MS = 60_000;

export function addNoTrade(why: Command): void {
  why
    .command("no-trade")
    .description("why a book does not enter: every rule with its value and its threshold")
    .option("--book <book>", BOOKS.join(" or "), BOOKS[0])
    .option("--at <time>", "the state at this time, UTC: 2026-03-25T10:15:00Z, or 10:15 of today")
    .option("--seq <seq>", "the decision about this scan")
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action(async (flags: Flags, command: Command) => {
      const { book } = flags;
      if (!isBook(book)) {
        throw new CliError(`--book must be ${BOOKS.join(" or ")}, was '${book}'`, EXIT_USAGE);
      }
      const answer = await explained(command, book, flags);
      const text = flags.json
        ? JSON.stringify({ book, ...answerJson(answer) }, null, 2)
        : textOf(book, answer, isNow(flags)).join("\n");
      process.stdout.write(`${text}\n`);
    });
}

function isNow({ at, seq }: WhenFlags): boolean {
  return at === undefined && seq === undefined;
}

export async function explained(
  command: Command,
  book: BookName,
  flags: WhenFlags & { readonly isPostureAsked?: boolean },
): Promise<ExplainedBook> {
  const { config } = openContext(command);
  const when = whenFrom(flags, wallMs());
  const { isPostureAsked = false } = flags;
  const question = { dataDir: config.data_dir, configuration: config, when, isPostureAsked };
  const answer = await explainBook(book, question);
  if (typeof answer === "string") throw new CliError(`${book}: ${answer}`);
  return answer;
}

function textOf(book: string, answer: ExplainedBook, isPresent: boolean): readonly string[] {
  const { decided, standing, recorded, read } = answer;
  const isLater = decided === null || decided.event.index < standing.event.index;
  return [
    ...(decided === null
      ? [`${book}: there was no decision until then`]
      : decisionLines(book, decided)),
    ...(isLater ? standingLines(standing, isPresent) : []),
    "",
    `recorded: ${RECORDED[recorded]}`,
    `read: ${read.folder} from ${read.from}, events ${read.fromIndex} to ${read.toIndex}`,
  ];
}

const RECORDED = {
  same: "the trader decided the same then",
  other:
    "the trader decided differently then: it ran other code ('dolphin replay' runs the code of that time)",
  unknown: "there is no record of this step to compare with, or it is not written yet",
} as const;

function standingLines(standing: Explanation, isPresent: boolean): readonly string[] {
  const { atMs, index } = standing.event;
  const obstacle = obstacleIn(standing.facts);
  const quietMs = isPresent ? wallMs() - atMs : 0;
  const head = `after event ${index} at ${timeText(atMs)}, for any entry: `;
  return [
    "",
    `${head}${obstacle === null ? "nothing prevents it" : `prevented by ${obstacle.rule}`}`,
    ...(obstacle === null ? [] : [...obstacleLines(standing.facts), ...factLines(standing.facts)]),
    ...(quietMs < QUIET_AFTER_MS
      ? []
      : [
          `  no event since, for ${figure(quietMs, "ms")}: 'dolphin status' says whether the trader runs`,
        ]),
  ];
}

function answerJson({ decided, standing, posture, read, recorded }: ExplainedBook) {
  return {
    decided: decided === null ? null : explanationJson(decided),
    standing: explanationJson(standing),
    posture: {
      value: posture.value,
      ...postureTimes(posture),
      source: posture.source,
    },
    read: readJson(read),
    recorded,
  };
}

export function postureTimes({ asOfMs, ageMs, since }: ExplainedBook["posture"]) {
  return {
    as_of: Number.isFinite(asOfMs) ? isoFromMs(asOfMs) : null,
    age_ms: finiteOrNull(ageMs),
    since: since === null ? null : isoFromMs(since.atMs),
  };
}

export function readJson({ folder, from, fromIndex, toIndex }: ExplainedBook["read"]) {
  return { folder, from, from_index: fromIndex, to_index: toIndex };
}

function explanationJson({ event, decision, concluded, facts }: Explanation) {
  return {
    index: event.index,
    kind: event.kind,
    at: isoFromMs(event.atMs),
    seq: event.seq,
    outcome: concluded?.outcome ?? null,
    refusal: concluded?.refusal ?? null,
    subject: concluded?.subject ?? null,
    signal: decision?.signal ?? null,
    obstacle: obstacleIn(facts)?.rule ?? null,
    facts: facts.map(factJson),
  };
}

function factJson({ rule, subject, passes, value, bound, unit, sinceMs, says }: Evidence) {
  return {
    rule,
    subject,
    passes,
    value: finiteOrNull(value),
    bound: finiteOrNull(bound),
    unit,
    since: sinceMs === null ? null : isoFromMs(sinceMs),
    says,
  };
}

function finiteOrNull(value: Evidence["value"]): Evidence["value"] {
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}
