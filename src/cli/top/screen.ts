/**
 * A terminal painted in place. Invariant: whatever ends or stops this process, except SIGKILL and SIGSTOP, the
 * terminal is restored first.
 */
import { paint } from "../rendering/terminal.ts";
import type { TextLine } from "./cells.ts";
import type { Size } from "./top-frame.ts";

/** Alternate screen, hidden cursor, no line wrap. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
/** Synchronized output, for terminals that support it. */
const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
const CLEAR_BELOW = "\u001b[J";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_Z = "\u001a";
const UNKNOWN: Size = { columns: 80, rows: 24 };

export type Screen = {
  size(): Size;
  draw(lines: readonly TextLine[]): void;
  close(): void;
};

export function openScreen(on: {
  /** Called for a key or a signal. */
  readonly quit: () => void;
  /** Called when the size has changed, or the process was resumed. */
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
    // The shell has changed the terminal's mode meanwhile: settings must be applied again.
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
  // Before the error is printed: otherwise it would be lost with the alternate screen.
  process.on("uncaughtExceptionMonitor", leave);
  // The terminal is gone.
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

/** A terminal that does not report its size gets the traditional one. */
function sizeOf({ columns, rows }: { columns?: number; rows?: number }): Size {
  return { columns: columns || UNKNOWN.columns, rows: rows || UNKNOWN.rows };
}
