/** Whether a book's state could be saved when it was last due: each change is logged once. */
export class SaveNote {
  readonly #say: (level: "info" | "warn", line: string) => void;
  readonly #words: { readonly saved: string; readonly unsaved: string };
  #why: string | null = null;

  constructor(
    say: (level: "info" | "warn", line: string) => void,
    words: { readonly saved: string; readonly unsaved: string },
  ) {
    this.#say = say;
    this.#words = words;
  }

  /** Null: it was saved. */
  note(why: string | null): void {
    if (why === this.#why) return;
    this.#why = why;
    if (why === null) this.#say("info", this.#words.saved);
    else this.#say("warn", `${this.#words.unsaved}: ${why}`);
  }

  /** What operators read of a book that stands so. */
  beside(standing: string): string {
    return this.#why === null ? standing : `${standing}; not saved: ${this.#why}`;
  }
}
