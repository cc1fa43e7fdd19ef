/** An explanation as lines: the decision, the rule that refused, then every rule that was asked. */
import { refusalWords } from "../../domain/trading/risk/refusal-words.ts";
import type { Explanation } from "../../domain/trading/why/explain-decision.ts";
import { type Evidence, obstacleIn } from "../../domain/trading/why/facts.ts";
import { timeText } from "../../domain/trading/why/words.ts";
import { aligned } from "./columns.ts";
import { paint, printable } from "./terminal.ts";

const MARKS = { true: "ok", false: "NO", null: "--" } as const;

export function decisionLines(book: string, explanation: Explanation): readonly string[] {
  const { event, facts } = explanation;
  const what = event.seq === null ? event.kind : `scan seq ${event.seq}`;
  const head = `${book}, ${what} at ${timeText(event.atMs)} (event ${event.index}): `;
  return [
    `${head}${paint("bold", headline(explanation))}`,
    ...obstacleLines(facts),
    "",
    ...factLines(facts),
  ];
}

/** The result, in words. */
export function headline({ decision, concluded }: Explanation): string {
  if (concluded === null) return "there was nothing to decide";
  const { outcome, refusal, subject } = concluded;
  if (refusal !== null) return `refused, ${refusalWords(refusal, subject)}`;
  const strength = decision === null || decision.signal === 0 ? "" : `, signal ${decision.signal}`;
  return `${HEADLINES[outcome] ?? outcome}${strength}`;
}

const HEADLINES: Readonly<Record<string, string>> = {
  entered: "an entry was made",
  exited: "no entry, positions are being closed (exited)",
  held: "no entry, a position is open (held)",
  waiting: "no entry, an order is on its way (waiting)",
  no_signal: "no entry, the strategy gave no signal (no_signal)",
  warming: "no entry, the windows are not full yet (warming)",
  stale: "no entry, the scan was not fresh (stale)",
  ignored_late: "no entry, the scan arrived late (ignored_late)",
  lost: "no entry, the scan never arrived (lost)",
};

export function obstacleLines(facts: readonly Evidence[]): readonly string[] {
  const obstacle = obstacleIn(facts);
  return obstacle === null ? [] : [`  because: ${printable(obstacle.says)}`];
}

export function factLines(facts: readonly Evidence[]): readonly string[] {
  return aligned(
    facts.map(({ passes, rule, says }) => {
      const mark = MARKS[`${passes}`];
      return [`  ${passes === false ? paint("red", mark) : mark}`, rule, printable(says)];
    }),
  );
}
