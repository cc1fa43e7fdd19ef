/**
 * What `up` notes for others besides its work: a disk that is full or away costs the note, never the
 * stack. What failed is counted and said once; whoever calls tries it again at its next turn.
 */
import { messageOf } from "../../domain/failure.ts";

export type Bookkeeping = {
  /** Never throws; `again`: it works for the first time after a failure. */
  attempt(what: string, act: () => void | Promise<void>): Promise<"works" | "again" | "fails">;
  /** One line a kind of note that does not work now. */
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
