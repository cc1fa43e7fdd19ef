/**
 * A second ring for copies of the trader's windows. New memory of that size costs its reader some
 * milliseconds for the pages that it touches first; memory that is there already costs a tenth.
 *
 * Invariant: one copy at a time lies in it; a second one meanwhile gets memory of its own.
 */
import { setImmediate as turn } from "node:timers/promises";
import { type CopyDoubles, sliced } from "../../../domain/trading/snapshot/exact.ts";

export type Copies = {
  readonly copy: CopyDoubles;
  /** The copies are not needed any more. */
  end(): void;
};

/** Touched in one go: 256 KiB, a fraction of a millisecond. */
const DOUBLES_PER_TURN = 32_768;

export class SpareDoubles {
  #spare = new Float64Array(0);
  #isTaken = false;

  /** Makes it as long as what will be copied, a little at each turn of the event loop. */
  async prepare(length: number): Promise<void> {
    if (this.#isTaken || this.#spare.length === length) return;
    const spare = new Float64Array(length);
    for (let at = 0; at < length; at += DOUBLES_PER_TURN) {
      spare.fill(1, at, at + DOUBLES_PER_TURN);
      await turn();
    }
    if (!this.#isTaken) this.#spare = spare;
  }

  begin(): Copies {
    let isMine = false;
    return {
      copy: (doubles) => {
        if (this.#isTaken || doubles.length !== this.#spare.length) return sliced(doubles);
        this.#isTaken = true;
        isMine = true;
        this.#spare.set(doubles);
        return this.#spare;
      },
      end: () => {
        if (isMine) this.#isTaken = false;
        isMine = false;
      },
    };
  }
}
