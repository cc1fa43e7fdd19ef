/** The age of the last sample of a simulated health service, which is away at times. */
export class HealthVoice {
  readonly #everyS: number;
  /** Null: it is away. */
  #backS: number | null = 0;
  #spokeS = 0;

  constructor(everyS: number) {
    this.#everyS = everyS;
  }

  follow(isUp: boolean, nowS: number): "lost" | "as before" {
    if (isUp) this.#backS ??= nowS;
    if (isUp || this.#backS === null) return "as before";
    this.#spokeS = Math.ceil(nowS / this.#everyS) * this.#everyS - this.#everyS;
    this.#backS = null;
    return "lost";
  }

  ageS(nowS: number): number {
    const lastS = nowS - (nowS % this.#everyS);
    const isBack = this.#backS !== null && this.#backS <= lastS;
    return nowS - (isBack ? lastS : this.#spokeS);
  }
}
