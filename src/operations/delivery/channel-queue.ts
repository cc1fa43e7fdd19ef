/**
 * The queue of one channel: takes due notifications from the outbox, one at a time, and records each attempt before
 * and after. Invariant: no attempt is made before the outcome of the previous one is on disk.
 */
import type Database from "better-sqlite3";
import type { OpenChannel } from "../../adapters/channels/open-channel.ts";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import {
  nextAttemptMs,
  nextWaiting,
  noteAttempt,
  noteDelivered,
  noteFailed,
  noteGivenUp,
  notePutOff,
  type WaitingNotification,
} from "../../adapters/incident-store/notifications.ts";
import {
  afterDeathMs,
  type SendResult,
  notBeforeMs,
  type DeliveryOutcome,
  verdictOn,
} from "../../domain/incidents/delivery/delivery-policy.ts";
import {
  afterRequest,
  freshPace,
  isResting,
  waitMs,
} from "../../domain/incidents/delivery/pace.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import type { Notification } from "../../domain/incidents/notification.ts";
import { MS_PER_MINUTE, MS_PER_SECOND } from "../../domain/time.ts";
import type { ChannelFigures } from "../../wire/safety/watchdog-figures.ts";

export type Say = (level: "info" | "warn" | "error", line: string) => void;

export type ChannelQueue = {
  /** Makes at most one request. Returns how long until more can be due; null: until something is added. */
  step(db: Database.Database, signal: AbortSignal): Promise<number | null>;
  figures(): ChannelFigures;
};

/** Channels have their own deadlines; this is a limit in case one does not end. */
const SEND_MS_MAX = MS_PER_MINUTE;
/** Interval of retries to record an outcome. */
const NOTE_MS = MS_PER_SECOND;
/** For so long a channel that refused a notification counts as failing, though nothing waits for it. */
const REFUSED_MS = 15 * MS_PER_MINUTE;
const COUNTED = { delivered: "delivered", again: "failed", "give-up": "given_up" } as const;
const WITHOUT_ROOM = /^SQLITE_(?:FULL|IOERR)/;

export function openQueue(name: string, channel: OpenChannel, say: Say): ChannelQueue {
  let pace = freshPace(channel.budget, monotonicMs());
  const counts = { delivered: 0, failed: 0, given_up: 0 };
  const outcome = keepOutcome(name, say);
  let failed: { readonly atMs: number; isRepeated: boolean } | null = null;
  const isFailing = (): boolean =>
    failed !== null && (failed.isRepeated || monotonicMs() - failed.atMs < REFUSED_MS);

  const attempt = async (
    db: Database.Database,
    { waiting, signal }: { readonly waiting: WaitingNotification; readonly signal: AbortSignal },
  ): Promise<void> => {
    const { notification, reference } = waiting;
    const attempts = waiting.attempts + 1;
    const nowMs = wallMs();
    try {
      noteAttempt(db, notification, { nowMs, nextAttemptMs: afterDeathMs(attempts, nowMs) });
    } catch (error) {
      if (!WITHOUT_ROOM.test(codeOf(error) ?? "")) throw error;
      // It may be about the full disk: better sent twice than never.
      say("error", `[Alerts] ${name}: an attempt could not be recorded: ${messageOf(error)}`);
    }
    const answer = await withinLimit(channel.send({ notification, reference }, signal));
    pace = afterRequest(pace, channel.budget, { answer, nowMs: monotonicMs() });
    const verdict = verdictOn(answer, {
      attempts,
      decidedAtMs: notification.atMs,
      nowMs: wallMs(),
      chance: Math.random(),
    });
    counts[COUNTED[verdict.kind]] += 1;
    const isDelivered = verdict.kind === "delivered";
    failed = isDelivered ? null : { atMs: monotonicMs(), isRepeated: verdict.kind === "again" };
    tell(say, { name, notification, verdict, attempts });
    outcome.keep((to) => note(to, notification, verdict));
    outcome.settle(db);
  };

  return {
    async step(db, signal) {
      if (!outcome.settle(db)) return NOTE_MS;
      const pauseMs = waitMs(pace, channel.budget, monotonicMs());
      if (0 < pauseMs) return pauseMs;
      const nowMs = wallMs();
      const waiting = nextWaiting(db, name, nowMs);
      if (waiting === null) {
        const dueMs = nextAttemptMs(db, name);
        if (dueMs !== null) return Math.max(1, dueMs - nowMs);
        if (failed !== null) failed.isRepeated = false;
        return null;
      }
      const { settlesInMs } = channel;
      const { notification, unsettledMs } = waiting;
      const notBefore = notBeforeMs(notification.kind, { unsettledMs, settlesInMs });
      if (nowMs < notBefore) {
        notePutOff(db, notification, notBefore);
        // Never zero: whatever a clock does, the thread gets to its other work between two steps.
        return 1;
      }
      await attempt(db, { waiting, signal });
      return 0;
    },
    figures: () => ({ ...counts, is_open: isResting(pace, monotonicMs()), failing: isFailing() }),
  };
}

type Noting = (db: Database.Database) => void;

/** Holds the outcome of the last attempt until it is on disk. */
function keepOutcome(name: string, say: Say) {
  let unnoted: Noting | null = null;
  return {
    keep(noting: Noting): void {
      unnoted = noting;
    },
    /** Whether it is on disk. */
    settle(db: Database.Database): boolean {
      try {
        unnoted?.(db);
        unnoted = null;
        return true;
      } catch (error) {
        say("error", `[Alerts] ${name}: the outcome could not be recorded: ${messageOf(error)}`);
        return false;
      }
    },
  };
}

function note(db: Database.Database, key: Notification, verdict: DeliveryOutcome): void {
  switch (verdict.kind) {
    case "delivered":
      return noteDelivered(db, key, verdict);
    case "again":
      return noteFailed(db, key, verdict);
    case "give-up":
      return noteGivenUp(db, key, verdict);
  }
}

async function withinLimit(sending: Promise<SendResult>): Promise<SendResult> {
  const late = Promise.withResolvers<SendResult>();
  const timer = setTimeout(
    () => late.resolve({ kind: "failed", says: "no end", outcome: "unknown", afterMs: null }),
    SEND_MS_MAX,
  );
  try {
    return await Promise.race([sending, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function tell(
  say: Say,
  of: {
    readonly name: string;
    readonly notification: Notification;
    readonly verdict: DeliveryOutcome;
    readonly attempts: number;
  },
): void {
  const { name, notification, verdict, attempts } = of;
  const what = `${notification.kind} of ${notification.incident}`;
  switch (verdict.kind) {
    case "delivered":
      return say("info", `[Alerts] ${name} took ${what} (try ${attempts}): ${verdict.answer}`);
    case "again":
      return say("warn", `[Alerts] ${name}, try ${attempts} of ${what}: ${verdict.answer}`);
    case "give-up":
      return say("error", `[Alerts] ${name} was not notified of ${what}: ${verdict.answer}`);
  }
}
