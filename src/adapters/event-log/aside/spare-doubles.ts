/**
 * A preallocated buffer for copies of the trader's windows. Fresh memory of that size costs milliseconds of page
 * faults at the first write; memory that was touched before costs a tenth. Invariant: it holds one copy at a time; a
 * second copy meanwhile allocates its own memory.
 */
import { setImmediate as turn } from "node:timers/promises";
import { type CopyDoubles, sliced } from "../../../domain/trading/snapshot/exact.ts";

export type Copies = {
  readonly copy: CopyDoubles;
  /** The copies are no longer needed. */
  end(): void;
};

/** Touched per turn: 256 KiB, a fraction of a millisecond. */
const DOUBLES_PER_TURN = 32_768;

export class SpareDoubles {
  #spare = new Float64Array(0);
  #isTaken = false;

  /** Grows the buffer to the length that will be copied, a little at each turn of the event loop. */
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
