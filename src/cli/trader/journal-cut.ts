/** `dolphin journal cut BLUE`: truncates the end of a book's log, after showing what is removed with it. */
import { Argument, type Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { type EndPlan, giveUpEnd, planEnd } from "../../operations/event-log/truncate-event-log.ts";
import type { BookedTrade } from "../../adapters/event-log/trade-file.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import { sessionIdOf, traderServiceOf } from "../../workflows/names.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";

const HELP = `
For a log that is damaged, or that diverged from its copy in Postgres. Events after event INDEX are moved to
<day>.seg.given-up-<time> beside the log, never deleted, and BLUE continues after event INDEX. Trades,
outcomes, states and promotions that follow from later events are removed as well, GREEN is set back to the
same event, and BLUE.db is rebuilt. Without --yes it only shows what would be lost. If it is killed midway,
run it again to complete it.

With journal.postgres_secret_url the next start restores the events after INDEX that Postgres has.

Exit status:
  0   done; without --yes: shown
  1   refused, and nothing was changed: a trader runs, or there is no stored state to continue from
  64  wrong usage`;

type CutFlags = { readonly after?: string; readonly yes: boolean; readonly json: boolean };

export function addJournalCommand(program: Command): void {
  program
    .command("journal")
    .description("a book's log: truncate its end")
    .command("cut")
    .description("truncate a book's log after an event, with all that follows from later events")
    .addArgument(new Argument("<book>", "the book whose log it is").choices([COUNTED_BOOK]))
    .option("--after <index>", "the last event to keep (default: the last readable one)")
    .option("--yes", "truncate it", false)
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action((_book: string, flags: CutFlags, command: Command) => {
      const { data_dir: dataDir } = openContext(command).config;
      const after = indexOf(flags.after);
      const planned = planEnd(dataDir, after);
      if (planned.kind === "refused") throw new CliError(`nothing was cut: ${planned.reason}`);
      const { plan } = planned;
      const files = flags.yes ? cut(dataDir, after) : null;
      const text = flags.json
        ? JSON.stringify(jsonOf(plan, files), null, 2)
        : [...lossLines(plan), ...endLines(plan, files)].join("\n");
      process.stdout.write(`${text}\n`);
    });
}

function cut(dataDir: string, after: number): readonly string[] {
  const files = giveUpEnd(dataDir, after, String(wallMs()));
  if (typeof files === "string") throw new CliError(`nothing was cut: ${files}`);
  return files;
}

function indexOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  const index = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(index)) return index;
  throw new CliError(`--after must be the index of an event, was '${text}'`, EXIT_USAGE);
}

function jsonOf(plan: EndPlan, files: readonly string[] | null) {
  return {
    done: files !== null,
    last_kept: plan.cut.lastKept,
    events: plan.events,
    days: plan.days,
    damage: plan.damage,
    trades: plan.trades.length,
    trades_pnl: pnlOf(plan.trades),
    snapshots: plan.snapshots,
    promotions: plan.promotions.map(({ id, at_index }) => ({ id, at_index })),
    told: plan.acknowledged,
    told_sessions: acknowledgedSessions(plan),
    files: files ?? [],
  };
}

function lossLines(plan: EndPlan): readonly string[] {
  const { cut: log, events, days, damage, trades, snapshots, promotions } = plan;
  const isNothing = log.cuts.length + trades.length + snapshots.length + promotions.length === 0;
  if (isNothing) return [`there is nothing after event ${log.lastKept}`];
  return [
    `after event ${log.lastKept} of BLUE there are:`,
    `  ${events} events${days.length === 0 ? "" : ` of ${days.join(", ")}`}, ` +
      `${trades.length} trades with a profit of ${pnlOf(trades).toFixed(2)}`,
    ...(damage === null ? [] : [`  damage: ${damage}`]),
    ...(snapshots.length === 0 ? [] : [`  saved states of events ${snapshots.join(", ")}`]),
    ...promotions.map(({ id, at_index }) => `  the promotion ${id} after event ${at_index}`),
    ...acknowledgedSessions(plan).map(
      (session) =>
        `  trades that ${session} has received and keeps: 'temporal workflow terminate ` +
        `--workflow-id ${session}' while it runs makes the bookkeeper send the day again`,
    ),
  ];
}

function endLines(plan: EndPlan, files: readonly string[] | null): readonly string[] {
  if (files === null) return ["nothing was changed; --yes truncates it"];
  return [
    ...files.map((file) => `set aside: ${file}`),
    `${COUNTED_BOOK}'s log ends with event ${plan.cut.lastKept}; 'dolphin start ${traderServiceOf(COUNTED_BOOK)}' continues from there`,
  ];
}

function pnlOf(trades: readonly BookedTrade[]): number {
  return trades.reduce((sum, { trade }) => sum + trade.pnl, 0);
}

function acknowledgedSessions({ trades, acknowledged }: EndPlan): readonly string[] {
  const days = trades
    .filter(({ index }) => index <= acknowledged)
    .map(({ trade }) => dayFromMicros(trade.exitedAtMs * US_PER_MS));
  return [...new Set(days)].map((day) => sessionIdOf(COUNTED_BOOK, day));
}
