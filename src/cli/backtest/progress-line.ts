/** One line on the terminal that is rewritten in place: progress, speed, remaining time. */
import { monotonicMs } from "../../adapters/clock.ts";
import { duration, grouped } from "../rendering/durations.ts";

const EVERY_MS = 200;
const MS_PER_S = 1_000;

export type ProgressLine = {
  readonly note: (done: number) => void;
  /** Removes the line. */
  readonly end: () => void;
};

export const NO_PROGRESS: ProgressLine = { note: () => {}, end: () => {} };

/** `total`: the expected number; 0 where it is not known. */
export function openProgressLine(what: string, total: number): ProgressLine {
  const startedMs = monotonicMs();
  let shownMs = startedMs;
  let isShown = false;
  return {
    note(done) {
      const nowMs = monotonicMs();
      if (nowMs - shownMs < EVERY_MS) return;
      shownMs = nowMs;
      isShown = true;
      const rate = (done * MS_PER_S) / (nowMs - startedMs);
      const rest = 0 < total ? duration(Math.max(0, total - done) / rate) : "?";
      const share = 0 < total ? `${Math.min(100, Math.floor((100 * done) / total))} %, ` : "";
      process.stderr.write(
        `\r\u001b[K${share}${grouped(done)} ${what}, ${grouped(Math.round(rate))}/s, ${rest} left`,
      );
    },
    end() {
      if (isShown) process.stderr.write("\r\u001b[K");
    },
  };
}
