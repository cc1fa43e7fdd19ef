/**
 * What becomes of a notification after an attempt: it was delivered, waits for another try, or is given up.
 * At least once: what nobody knows of is tried again; what was refused for good is not, and is told.
 */
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../../time.ts";
import type { NotificationKind } from "../notification.ts";

/** What came of an attempt. `says` is for a person, and holds no secret. */
export type Answer =
  | {
      readonly kind: "accepted";
      readonly says: string;
      /** What the channel calls its message, where a later one can change it. */
      readonly reference: string | null;
    }
  /** Not now. */
  | {
      readonly kind: "failed";
      readonly says: string;
      /** Unknown: the other side may have taken it, or may yet. */
      readonly outcome: "refused" | "unknown";
      /** Asked for by the other side. */
      readonly afterMs: number | null;
    }
  /** Not in this form. */
  | {
      readonly kind: "refused";
      readonly says: string;
      /** About whom or where, not about the message: somebody may be mending it. Default: it never passes. */
      readonly mayPass?: boolean;
    };

export type Verdict =
  | { readonly kind: "delivered"; readonly answer: string; readonly reference: string | null }
  | {
      readonly kind: "again";
      readonly answer: string;
      readonly outcome: "refused" | "unknown";
      readonly nextAttemptMs: number;
    }
  | { readonly kind: "give-up"; readonly answer: string; readonly outcome: "refused" | "unknown" };

const FIRST_DELAY_MS = MS_PER_SECOND;
const DELAY_MS_MAX = 5 * MS_PER_MINUTE;
/** Who asks for more is asked again all the same: the wish may be an error. */
const ASKED_DELAY_MS_MAX = 15 * MS_PER_MINUTE;
/** After its decision; who opens the channel then reads of it in the list of what was given up. */
const GIVE_UP_AFTER_MS = MS_PER_DAY;
/** Of a refusal that may pass: no one waits for longer behind it. */
const REFUSED_GIVE_UP_AFTER_MS = MS_PER_HOUR;
/** What waited while the machine was off is tried for a while, too. */
const ATTEMPTS_MIN = 12;

export function verdictOn(
  answer: Answer,
  of: {
    /** With this one. */
    readonly attempts: number;
    readonly decidedAtMs: number;
    readonly nowMs: number;
    /** 0 to 1: spreads the tries of many. */
    readonly chance: number;
  },
): Verdict {
  switch (answer.kind) {
    case "accepted":
      return { kind: "delivered", answer: answer.says, reference: answer.reference };
    case "refused": {
      const { says, mayPass } = answer;
      const final = { kind: "give-up", answer: says, outcome: "refused" } as const;
      if (mayPass !== true) return final;
      const nextAttemptMs = nextOf(of, { askedMs: null, giveUpAfterMs: REFUSED_GIVE_UP_AFTER_MS });
      return nextAttemptMs === null
        ? final
        : { kind: "again", answer: says, outcome: "refused", nextAttemptMs };
    }
    case "failed": {
      const { says, outcome, afterMs } = answer;
      const nextAttemptMs = nextOf(of, { askedMs: afterMs, giveUpAfterMs: GIVE_UP_AFTER_MS });
      return nextAttemptMs === null
        ? { kind: "give-up", answer: `given up after a day: ${says}`, outcome }
        : { kind: "again", answer: says, outcome, nextAttemptMs };
    }
  }
}

/** Null: it was tried for long enough. */
function nextOf(
  of: Parameters<typeof verdictOn>[1],
  { askedMs, giveUpAfterMs }: { readonly askedMs: number | null; readonly giveUpAfterMs: number },
): number | null {
  const nextAttemptMs = of.nowMs + delayMs(of, askedMs);
  const isYoung = nextAttemptMs - of.decidedAtMs < giveUpAfterMs;
  return isYoung || of.attempts < ATTEMPTS_MIN ? nextAttemptMs : null;
}

/** Before the attempt: when the next is made if this one ends the process. */
export function afterDeathMs(attempts: number, nowMs: number): number {
  return nowMs + backOffMs(attempts);
}

function delayMs(
  { attempts, chance }: { readonly attempts: number; readonly chance: number },
  askedMs: number | null,
): number {
  const asked = askedDelayMs(askedMs);
  // Never sooner than asked; without a wish, as soon as three quarters of the way.
  return Math.max(asked, backOffMs(attempts) * (0.75 + chance / 2));
}

/** What the other side asked to wait, as far as it is waited for. A timer cannot hold more than 24 days. */
export function askedDelayMs(askedMs: number | null): number {
  return askedMs === null || !(askedMs >= 0) ? 0 : Math.min(askedMs, ASKED_DELAY_MS_MAX);
}

/** 1, 2, 4, ... seconds after the first, second, third, ... attempt. */
function backOffMs(attempts: number): number {
  return Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** Math.max(0, Math.min(attempts - 1, 30)));
}

/**
 * When a notification may be sent. Where the incident's id opens and closes an incident of the other side, a
 * request to open it that comes late would open another after a resolve: so the resolve waits until it has
 * settled.
 */
export function notBeforeMs(
  kind: NotificationKind,
  of: {
    readonly unsettledMs: number | null;
    /** How long after its begin a request may still be taken; null: that does no harm. */
    readonly settlesInMs: number | null;
  },
): number {
  return kind === "resolve" && of.settlesInMs !== null && of.unsettledMs !== null
    ? of.unsettledMs + of.settlesInMs
    : 0;
}
