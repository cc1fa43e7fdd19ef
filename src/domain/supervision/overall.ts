/** One word and one exit code for the whole system, from the words of its services and the answers of its servers. */
import type { Word } from "./verdict.ts";

/** The exit codes of `dolphin status`. */
export const EXIT_HEALTHY = 0;
export const EXIT_WARNING = 1;
export const EXIT_FAULT = 2;
export const EXIT_SERVER_SILENT = 3;
export type StatusExit =
  typeof EXIT_HEALTHY | typeof EXIT_WARNING | typeof EXIT_FAULT | typeof EXIT_SERVER_SILENT;

export type Overall = {
  /** The most severe word, or `Server silent`. */
  readonly word: Word | "Server silent";
  readonly exit: StatusExit;
};

/** From the least to the most severe. */
const EXITS: Readonly<Record<Word, StatusExit>> = {
  Healthy: EXIT_HEALTHY,
  Starting: EXIT_WARNING,
  Waiting: EXIT_WARNING,
  Stopped: EXIT_WARNING,
  Warning: EXIT_WARNING,
  "Stale (upstream)": EXIT_WARNING,
  Stale: EXIT_FAULT,
  Fenced: EXIT_FAULT,
  Down: EXIT_FAULT,
  Error: EXIT_FAULT,
  Unkillable: EXIT_FAULT,
  FATAL: EXIT_FAULT,
};
const GRAVITY = Object.keys(EXITS);

export function overall(words: readonly Word[], everyServerAnswered: boolean): Overall {
  if (!everyServerAnswered) return { word: "Server silent", exit: EXIT_SERVER_SILENT };
  const word = words.reduce<Word>(
    (gravest, next) => (GRAVITY.indexOf(gravest) < GRAVITY.indexOf(next) ? next : gravest),
    "Healthy",
  );
  return { word, exit: exitOf(word) };
}

export function exitOf(word: Word): StatusExit {
  return EXITS[word];
}
