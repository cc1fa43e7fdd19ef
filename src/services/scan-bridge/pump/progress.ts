/**
 * When the bridge's two loops last did something: the one settles files, the other lists folders.
 * Apart, because listings that go on say nothing about a loop that is stuck.
 */
export class Progress {
  readonly #nowMs: () => number;
  #settledMs: number | null = null;
  #listedMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#listedMs = nowMs();
  }

  /** A file was dealt with, or files begin to wait for the loop now. */
  settled(): void {
    this.#settledMs = this.#nowMs();
  }

  /** The loop can settle nothing, and it is not its fault. */
  hindered(): void {
    this.#settledMs = null;
  }

  /** What it waited for is there; the next file is due from now on. */
  unhindered(): void {
    this.#settledMs ??= this.#nowMs();
  }

  /** A listing goes on, or the next one is due in so long. */
  listed(dueInMs: number): void {
    this.#listedMs = this.#nowMs() + dueInMs;
  }

  ages(): { readonly settledAgeS: number | null; readonly listedAgeS: number } {
    const settledAgeS = this.#settledMs === null ? null : this.#ageS(this.#settledMs);
    return { settledAgeS, listedAgeS: this.#ageS(this.#listedMs) };
  }

  #ageS(sinceMs: number): number {
    return Math.max(0, Math.round((this.#nowMs() - sinceMs) / 100) / 10);
  }
}
