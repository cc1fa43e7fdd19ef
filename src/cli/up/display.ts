/** The output of `dolphin up`: a view repainted in place on a terminal, timestamped lines elsewhere. */
import { eventLine } from "../rendering/up-screen.ts";
import type { UpEvent } from "../rendering/up-screen.ts";

export type UpDisplay = {
  readonly isLive: boolean;
  event(event: UpEvent): void;
  /** Permanent lines. */
  print(lines: readonly string[]): void;
  /** Repaints the view; from then on it includes events. */
  paint(lines: readonly string[]): void;
  /** Ends the view; later output appears below it. */
  endView(): void;
};

const WRAP_OFF = "\u001b[?7l";
const WRAP_ON = "\u001b[?7h";
const CLEAR_BELOW = "\u001b[J";

export function createDisplay(stream: NodeJS.WriteStream): UpDisplay {
  const isLive = stream.isTTY;
  let painted = 0;
  let inView = false;
  // A closed terminal or pipe (`| head`) must not end the stack.
  stream.removeAllListeners("error");
  stream.on("error", () => undefined);
  const print = (lines: readonly string[]) => {
    stream.write(`${lines.join("\n")}\n`);
  };
  return {
    isLive,
    print,
    event(event) {
      if (!inView) print([eventLine(event)]);
    },
    paint(lines) {
      inView = true;
      // Lines above the top of a small terminal can't be repainted.
      const shown = lines.slice(-Math.max(1, stream.rows - 1));
      const up = painted === 0 ? "" : `\u001b[${painted}A`;
      stream.write(`${WRAP_OFF}\r${up}${CLEAR_BELOW}${shown.join("\n")}\n${WRAP_ON}`);
      painted = shown.length;
    },
    endView() {
      inView = false;
    },
  };
}
