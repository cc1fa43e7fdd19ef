/**
 * The files that `up` writes for other processes: on a full or missing disk a write is skipped, and the stack
 * continues. A failure is counted and reported once; the caller tries again at its next turn.
 */
import { messageOf } from "../../domain/failure.ts";

export type Bookkeeping = {
  /** Never throws; `again`: it works for the first time after a failure. */
  attempt(what: string, act: () => void | Promise<void>): Promise<"works" | "again" | "fails">;
  /** One line for each kind of file that can't be written now. */
  troubles(): readonly string[];
};

type Trouble = { readonly why: string; readonly times: number };

export function createBookkeeping(onEvent: (level: "warn", text: string) => void): Bookkeeping {
  const open = new Map<string, Trouble>();
  const note = (what: string, error: unknown) => {
    const times = (open.get(what)?.times ?? 0) + 1;
    const why = messageOf(error);
    if (open.get(what)?.why !== why) onEvent("warn", `${what}: ${why}; trying again`);
    open.set(what, { why, times });
  };
  return {
    async attempt(what, act) {
      try {
        await act();
      } catch (error) {
        note(what, error);
        return "fails";
      }
      const before = open.get(what);
      if (before === undefined) return "works";
      open.delete(what);
      onEvent("warn", `${what}: works again, after ${before.times} failures`);
      return "again";
    },
    troubles: () =>
      [...open].map(([what, { why, times }]) => `${what}: ${why} (${times} times so far)`),
  };
}
