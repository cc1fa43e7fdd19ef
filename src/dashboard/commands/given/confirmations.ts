/** The second step of an irreversible command: what was shown is identified by a nonce that is valid once. */
import { randomBytes } from "node:crypto";

type Shown = {
  readonly session: number;
  readonly about: string;
  /** Ids of everything that would be affected. */
  readonly ids: ReadonlySet<string>;
  readonly untilMs: number;
};

export type Judged = "good" | "unknown" | "more";

const COUNT_MAX = 64;
const NONCE_BYTES = 16;
export const CONFIRM_WITHIN_MS = 60_000;

export function createConfirmations() {
  const shown = new Map<string, Shown>();
  return {
    show(of: Omit<Shown, "untilMs">, nowMs: number): string {
      for (const [nonce, { untilMs }] of shown) if (untilMs <= nowMs) shown.delete(nonce);
      const [first] = shown.keys();
      if (COUNT_MAX <= shown.size && first !== undefined) shown.delete(first);
      const nonce = randomBytes(NONCE_BYTES).toString("base64url");
      shown.set(nonce, { ...of, untilMs: nowMs + CONFIRM_WITHIN_MS });
      return nonce;
    },
    /** `more`: what would be affected now was not all shown. */
    take(nonce: string, of: Omit<Shown, "untilMs">, nowMs: number): Judged {
      const found = shown.get(nonce);
      shown.delete(nonce);
      const isOurs = found?.session === of.session && found.about === of.about;
      if (!isOurs || found.untilMs <= nowMs) return "unknown";
      return of.ids.isSubsetOf(found.ids) ? "good" : "more";
    },
  };
}

export type Confirmations = ReturnType<typeof createConfirmations>;
