/**
 * What follows a delivery attempt: the notification is delivered, waits for a retry, or is given up. Delivery is at
 * least once: an attempt with an unknown outcome is retried; one that was permanently refused is not, and is
 * reported.
 */
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../../time.ts";
import type { NotificationKind } from "../notification.ts";

/** The result of an attempt. `says` is for a person and holds no secret. */
export type SendResult =
  | {
      readonly kind: "accepted";
      readonly says: string;
      /** The channel's id of the message, where it can be updated later. */
      readonly reference: string | null;
    }
  /** Try again later. */
  | {
      readonly kind: "failed";
      readonly says: string;
      /** Unknown: the channel may have accepted it, or may yet. */
      readonly outcome: "refused" | "unknown";
      /** Delay that the channel asked for. */
      readonly afterMs: number | null;
    }
  /** Refused in this form. */
  | {
      readonly kind: "refused";
      readonly says: string;
      /**
       * The refusal concerns the recipient or the destination, not the message: somebody may be mending it. Default:
       * it is permanent.
       */
      readonly mayPass?: boolean;
    };

export type DeliveryOutcome =
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
/** A channel that asks for more is tried anyway after this: the value may be an error. */
const ASKED_DELAY_MS_MAX = 15 * MS_PER_MINUTE;
/** Time after the decision; after that the list of given-up notifications has it. */
const GIVE_UP_AFTER_MS = MS_PER_DAY;
/** Limit for a refusal that may pass, so that nothing queues behind it for longer. */
const REFUSED_GIVE_UP_AFTER_MS = MS_PER_HOUR;
/** Least number of attempts, so that notifications that waited while the machine was off are tried, too. */
const ATTEMPTS_MIN = 12;

export function verdictOn(
  answer: SendResult,
  of: {
    /** This attempt included. */
    readonly attempts: number;
    readonly decidedAtMs: number;
    readonly nowMs: number;
    /** Random, 0 to 1: jitter. */
    readonly chance: number;
  },
): DeliveryOutcome {
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

/** Null: it has been tried for long enough. */
function nextOf(
  of: Parameters<typeof verdictOn>[1],
  { askedMs, giveUpAfterMs }: { readonly askedMs: number | null; readonly giveUpAfterMs: number },
): number | null {
  const nextAttemptMs = of.nowMs + delayMs(of, askedMs);
  const isYoung = nextAttemptMs - of.decidedAtMs < giveUpAfterMs;
  return isYoung || of.attempts < ATTEMPTS_MIN ? nextAttemptMs : null;
}

/** Computed before the attempt: when the next one is made if this one ends the process. */
export function afterDeathMs(attempts: number, nowMs: number): number {
  return nowMs + backOffMs(attempts);
}

function delayMs(
  { attempts, chance }: { readonly attempts: number; readonly chance: number },
  askedMs: number | null,
): number {
  const asked = askedDelayMs(askedMs);
  // Never sooner than the channel asked; otherwise jittered from three quarters of the back-off on.
  return Math.max(asked, backOffMs(attempts) * (0.75 + chance / 2));
}

/** The delay that the channel asked for, within our limit. A Node timer cannot hold more than 24 days. */
export function askedDelayMs(askedMs: number | null): number {
  return askedMs === null || !(askedMs >= 0) ? 0 : Math.min(askedMs, ASKED_DELAY_MS_MAX);
}

/** 1, 2, 4, ... seconds after the first, second, third, ... attempt. */
function backOffMs(attempts: number): number {
  return Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** Math.max(0, Math.min(attempts - 1, 30)));
}

/**
 * The earliest time at which a notification may be sent. Where our incident id opens and closes an incident at the
 * channel, a late request to open would open a second one after a resolve, so the resolve waits until the first has
 * settled.
 */
export function notBeforeMs(
  kind: NotificationKind,
  of: {
    readonly unsettledMs: number | null;
    /** How long after its start a request may still take effect; null: that is harmless. */
    readonly settlesInMs: number | null;
  },
): number {
  return kind === "resolve" && of.settlesInMs !== null && of.unsettledMs !== null
    ? of.unsettledMs + of.settlesInMs
    : 0;
}
