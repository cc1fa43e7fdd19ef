/** A pause that can be cut short; an end that comes before the pause begins is kept for it. */
export class Nap {
  #end: (() => void) | null = null;
  #isEnded = false;

  async take(ms: number): Promise<void> {
    if (!this.#isEnded) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#end = null;
    this.#isEnded = false;
  }

  end(): void {
    this.#isEnded = true;
    this.#end?.();
  }
}
