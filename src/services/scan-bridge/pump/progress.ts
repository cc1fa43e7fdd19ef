/**
 * When each of the bridge's two loops last made progress: one settles files, the other lists folders. Separate,
 * because listings in progress say nothing about a stuck loop.
 */
export class Progress {
  readonly #nowMs: () => number;
  #settledMs: number | null = null;
  #listedMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#listedMs = nowMs();
  }

  /** A file was settled, or files begin to wait for the loop now. */
  settled(): void {
    this.#settledMs = this.#nowMs();
  }

  /** The loop can't settle anything, through no fault of its own. */
  hindered(): void {
    this.#settledMs = null;
  }

  /** What it waited for is available: the next file is due from now on. */
  unhindered(): void {
    this.#settledMs ??= this.#nowMs();
  }

  /** A listing progresses, or the next one is due after this time. */
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
