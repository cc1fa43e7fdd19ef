/** A pause that can be interrupted; an interruption before it begins ends it at once. */
export class Nap {
  #end: (() => void) | null = null;
  #isEnded = false;

  /** True when it was interrupted. */
  async take(ms: number): Promise<boolean> {
    if (!this.#isEnded) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const wasEnded = this.#isEnded;
    this.#end = null;
    this.#isEnded = false;
    return wasEnded;
  }

  end(): void {
    this.#isEnded = true;
    this.#end?.();
  }
}
