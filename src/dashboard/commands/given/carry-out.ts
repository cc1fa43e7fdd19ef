/**
 * Carries a command out: once per id, with a deadline, and an audit line before and after. Invariant: an unknown
 * outcome is reported as unknown.
 */
import { isTemporalSilence } from "../../../adapters/temporal/call-limits.ts";
import { messageOf } from "../../../domain/failure.ts";
import { MS_PER_SECOND } from "../../../domain/time.ts";
import { CommandRefused } from "../../../operations/command-refused.ts";
import type { AuditLog, CommandAuditLine } from "../audit.ts";
import type { DashboardCommand, DashboardAnswer, CommandContext, ReadCommand } from "./command.ts";
import { acknowledge, mute, unmute } from "./incident-commands.ts";
import { backtest, cancel, restart, start, stop } from "./system-commands.ts";
import { enter, flatten, halt, resume } from "./trader-commands.ts";

export const COMMAND_TABLE: ReadonlyMap<string, DashboardCommand> = new Map(
  Object.entries({
    halt,
    resume,
    flatten,
    enter,
    acknowledge,
    mute,
    unmute,
    start,
    stop,
    restart,
    backtest,
    cancel,
  }),
);

export type DashboardOutcome = Omit<DashboardAnswer, "outcome"> & {
  readonly outcome: CommandAuditLine["outcome"];
};
type Given = {
  readonly name: string;
  readonly work: ReadCommand;
  readonly withinMs: number;
  readonly context: Omit<CommandContext, "signal">;
};

const ANSWERS_KEPT_MAX = 200;
const AT_WORK_MAX = 8;

export function createCarryOut(audit: AuditLog, nowMs: () => number) {
  const answers = new Map<string, Promise<DashboardOutcome>>();
  let atWork = 0;
  const begin = async ({ name, work, withinMs, context }: Given): Promise<DashboardOutcome> => {
    const { session, id } = context;
    const note = (outcome: CommandAuditLine["outcome"], says: string) =>
      audit.write(
        { session, command: name, arguments: work.arguments, id, outcome, says },
        nowMs(),
      );
    note("begun", "");
    atWork += 1;
    const over = new AbortController();
    const running = work.run({ ...context, signal: over.signal }).finally(() => (atWork -= 1));
    const done = await inTime(running, withinMs);
    over.abort();
    note(done.outcome, done.says);
    return done;
  };
  return {
    isBusy: () => AT_WORK_MAX <= atWork,
    /**
     * The same id again gets the same answer, even while the first is in progress. A command with an unknown outcome
     * is repeated: its recipient recognises the id.
     */
    carryOut(given: Given): Promise<DashboardOutcome> {
      const { session, id } = given.context;
      const key = `${session} ${given.name} ${id}`;
      const before = answers.get(key);
      if (before !== undefined) return before;
      const [first] = answers.keys();
      if (ANSWERS_KEPT_MAX <= answers.size && first !== undefined) answers.delete(first);
      const answer = begin(given);
      answers.set(key, answer);
      const forgetUnknown = ({ outcome }: DashboardOutcome) => {
        if (outcome === "unknown" && answers.get(key) === answer) answers.delete(key);
      };
      void answer.then(forgetUnknown, () => undefined);
      return answer;
    },
  };
}

async function inTime(work: Promise<DashboardAnswer>, withinMs: number): Promise<DashboardOutcome> {
  const late = Promise.withResolvers<DashboardOutcome>();
  const timer = setTimeout(() => {
    const says = `no answer in ${withinMs / MS_PER_SECOND} s: it may or may not have been executed, check before you repeat it`;
    late.resolve({ ok: false, says, outcome: "unknown" });
  }, withinMs);
  try {
    return await Promise.race([work.then(ended, failed), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function ended(answer: DashboardAnswer): DashboardOutcome {
  return { ...answer, outcome: answer.outcome ?? (answer.ok ? "done" : "refused") };
}

function failed(error: unknown): DashboardOutcome {
  const says = messageOf(error);
  if (isTemporalSilence(error)) {
    const what = `Temporal has stopped answering (${says}): it may or may not have been executed, check before you repeat it`;
    return { ok: false, says: what, outcome: "unknown" };
  }
  if (!(error instanceof CommandRefused)) return { ok: false, says, outcome: "failed" };
  return { ok: false, says, outcome: error.isUnknown ? "unknown" : "refused" };
}
