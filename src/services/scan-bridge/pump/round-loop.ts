/** The bridge's second loop, beside the pump: a round, then a pause that an event may interrupt. */
import type { Intake } from "../intake/intake.ts";
import type { Rounds } from "../intake/rounds.ts";
import { Nap } from "./nap.ts";
import type { Progress } from "./progress.ts";

export type RoundLoopDeps = {
  readonly intake: Intake;
  readonly rounds: Rounds;
  readonly stopping: () => boolean;
};

export class RoundLoop {
  readonly #deps: RoundLoopDeps;
  readonly #progress: Progress;
  readonly #nap = new Nap();
  /** Called when files wait for the pump. */
  readonly #onWaiting: () => void;

  constructor(deps: RoundLoopDeps, progress: Progress, onWaiting: () => void) {
    this.#deps = deps;
    this.#progress = progress;
    this.#onWaiting = onWaiting;
  }

  /** Starts after this pause, which an earlier round asked for; runs until the bridge should stop. */
  async run(firstPauseMs: number): Promise<void> {
    const { rounds, stopping } = this.#deps;
    for (let pauseMs = firstPauseMs; !stopping();) {
      await rounds.pause(pauseMs, (ms) => this.#rest(ms));
      if (stopping()) return;
      pauseMs = await rounds.run();
    }
  }

  /** Makes the next round start now. */
  wake(): void {
    this.#nap.end();
  }

  #rest(ms: number): Promise<boolean> {
    if (0 < this.#deps.intake.length) this.#onWaiting();
    this.#progress.listed(ms);
    return this.#nap.take(ms);
  }
}
