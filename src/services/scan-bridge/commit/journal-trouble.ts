/** Whether the journal accepts writes; each change is logged once. */
import { codeOf, messageOf } from "../../../domain/failure.ts";

export class JournalTrouble {
  /** Null while it can be written. */
  sentence: string | null = null;
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Rethrows any other error. */
  tell(error: unknown): void {
    if (codeOf(error) !== "JOURNAL_UNAVAILABLE") throw error;
    const was = this.sentence;
    this.sentence = messageOf(error);
    if (was === null) this.#log(`nothing is pushed until this is repaired: ${this.sentence}`);
  }

  /** A write succeeded. */
  over(): void {
    if (this.sentence !== null) this.#log("the journal can be written again");
    this.sentence = null;
  }
}
