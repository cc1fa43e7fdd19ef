/**
 * A terminal that is painted in place. Invariant: whatever ends or stops this process, but SIGKILL and SIGSTOP, the
 * terminal is before as it was found.
 */
import { paint } from "../rendering/terminal.ts";
import type { Line } from "./cells.ts";
import type { Size } from "./top-frame.ts";

/** Another screen, no cursor, and no line that goes on in the next one. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Painted at once by terminals that know it. */
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
const CLEAR_BELOW = "\u001b[J";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_Z = "\u001a";
const UNKNOWN: Size = { columns: 80, rows: 24 };

export type Screen = {
  size(): Size;
  draw(lines: readonly Line[]): void;
  close(): void;
};

export function openScreen(on: {
  /** Asked for by a key or a signal. */
  readonly quit: () => void;
  /** The size is another, or the terminal was somebody else's meanwhile. */
  readonly repaint: () => void;
}): Screen {
  const { stdin, stdout } = process;
  let isOpen = false;
  let shown: string[] = [];
  const enter = (): void => {
    if (stdin.isTTY) stdin.setRawMode(true);
    stdout.write(ENTER);
    shown = [];
    isOpen = true;
  };
  const leave = (): void => {
    if (!isOpen) return;
    isOpen = false;
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(LEAVE);
  };
  const suspend = (): void => {
    leave();
    process.kill(process.pid, "SIGSTOP");
  };
  const goOn = (): void => {
    // A shell has set the terminal as it likes it: what is set already would not be set anew.
    leave();
    enter();
    on.repaint();
  };
  const hear = (keys: string): void => {
    if (keys.includes(CTRL_Z)) return suspend();
    if ([CTRL_C, CTRL_D, "q", "Q"].some((key) => keys.includes(key))) on.quit();
  };
  const resized = (): void => {
    shown = [];
    on.repaint();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, on.quit);
  process.on("SIGTSTP", suspend);
  process.on("SIGCONT", goOn);
  process.on("exit", leave);
  // Before the error is told: else it would be told on the screen that goes.
  process.on("uncaughtExceptionMonitor", leave);
  // A terminal that is gone.
  stdout.removeAllListeners("error").on("error", on.quit);
  stdout.on("resize", resized);
  if (stdin.isTTY) stdin.setEncoding("utf8").on("data", hear).on("error", on.quit);
  enter();
  return {
    size: () => sizeOf(stdout),
    draw(lines) {
      if (!isOpen || stdout.writableNeedDrain) return;
      const next = lines.map((line) =>
        line.map(({ colour, text }) => paint(colour, text)).join(""),
      );
      const changed = next
        .map((text, at) => (text === shown[at] ? "" : `\u001b[${at + 1};1H${text}\u001b[K`))
        .join("");
      const below = next.length < shown.length ? `\u001b[${next.length + 1};1H${CLEAR_BELOW}` : "";
      shown = next;
      if (changed !== "" || below !== "") stdout.write(`${BEGIN}${changed}${below}${END}`);
    },
    close() {
      leave();
      stdin.pause();
    },
  };
}

/** One that does not tell its size has that of a terminal of old. */
function sizeOf({ columns, rows }: { columns?: number; rows?: number }): Size {
  return { columns: columns || UNKNOWN.columns, rows: rows || UNKNOWN.rows };
}
