/**
 * Delivery of notifications: one loop per channel over one outbox, so that none delays another, and one per bot whose
 * buttons are polled. No failure ends it: database errors are retried.
 */
import { codeOf, messageOf } from "../../domain/failure.ts";
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND } from "../../domain/time.ts";
import { openChannel, type World } from "../../adapters/channels/open-channel.ts";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import {
  giveUpBeyond,
  giveUpOthers,
  openOutbox,
  type Outbox,
  pruneNotifications,
} from "../../adapters/incident-store/outbox.ts";
import type { ChannelSettings } from "../../wire/alerts/channel-settings.ts";
import type { ChannelFigures } from "../../wire/safety/watchdog-figures.ts";
import { type Alarm, openAlarm } from "./alarm.ts";
import { openQueue, type Say } from "./channel-queue.ts";
import { type Acknowledge, hearBots } from "./hear-bots.ts";

export type DeliveryOptions = {
  /** The incidents' database. */
  readonly file: string;
  readonly channels: Readonly<Record<string, ChannelSettings>>;
  readonly world: World;
  readonly say: Say;
  readonly acknowledge: Acknowledge;
};

export type DeliveryLoop = {
  /** Something was decided. */
  wake(): void;
  figures(): Readonly<Record<string, ChannelFigures>>;
  /** Requests in progress are aborted, and retried by the next process. */
  stop(): Promise<void>;
};

/** Interval of checks for new entries, for writers that do not call `wake`. */
const POLL_MS = 250;
/** Delay after an error of the database or the disk. */
const TROUBLE_MS = MS_PER_SECOND;
const IDLE_MS = MS_PER_HOUR;
const KEEP_MS = 30 * MS_PER_DAY;
const WAITING_MAX = 2_000;
/** Errors of a file that was damaged or replaced. */
const LOST = /CORRUPT|NOTADB|CANTOPEN|IOERR/;

export function startDeliveries(options: DeliveryOptions): DeliveryLoop {
  const { say } = options;
  const names = Object.keys(options.channels);
  const stopped = new AbortController();
  const { signal } = stopped;
  const shelf = shelfOf(options.file, (outbox) => {
    const others = giveUpOthers(outbox.db, names);
    if (0 < others)
      say("warn", `[Alerts] ${others} wait for channels that are no longer configured`);
  });
  const alarms = names.map(() => openAlarm());
  const ring = (): void => alarms.forEach((alarm) => alarm.ring());
  const loop = loopOver({ shelf, say, signal });
  const keeper = openAlarm();
  const queues = Object.entries(options.channels).map(
    ([name, settings]) =>
      [name, openQueue(name, openChannel(settings, options.world), say)] as const,
  );
  const loops = [
    ...queues.map(([, queue], at) =>
      loop(alarms[at] ?? keeper, ({ db }) => queue.step(db, signal)),
    ),
    loop(keeper, keepOrder({ names, shelf, say, ring })),
    ...hearBots({ ...options, open: () => shelf.open().db, signal }),
  ];
  return {
    wake: ring,
    figures: () => Object.fromEntries(queues.map(([name, queue]) => [name, queue.figures()])),
    async stop() {
      stopped.abort();
      ring();
      keeper.ring();
      await Promise.allSettled(loops);
      shelf.close();
    },
  };
}

/** One loop for channels and housekeeping alike: a step, then a wait until the next may have work. */
function loopOver({
  shelf,
  say,
  signal,
}: {
  readonly shelf: Shelf;
  readonly say: Say;
  readonly signal: AbortSignal;
}): (alarm: Alarm, step: (outbox: Outbox) => Promise<number | null>) => Promise<void> {
  let trouble: string | null = null;
  const troubled = (error: unknown): number => {
    if (trouble === null) say("warn", `[Alerts] the outbox cannot be used: ${messageOf(error)}`);
    trouble = messageOf(error);
    if (LOST.test(codeOf(error) ?? "")) shelf.reopen();
    return TROUBLE_MS;
  };
  return async (alarm, step) => {
    while (!signal.aborted) {
      let waitMs: number;
      try {
        waitMs = (await step(shelf.open())) ?? IDLE_MS;
        if (trouble !== null) say("info", "[Alerts] the outbox can be used again");
        trouble = null;
      } catch (error) {
        waitMs = troubled(error);
      }
      await alarm.wait(signal.aborted ? 0 : Math.min(waitMs, IDLE_MS));
    }
  };
}

type Shelf = {
  /** @throws {Error} of SQLite */
  open(): Outbox;
  reopen(): void;
  close(): void;
};

function shelfOf(file: string, onOpen: (outbox: Outbox) => void): Shelf {
  let outbox: Outbox | null = null;
  const close = (): void => {
    outbox?.close();
    outbox = null;
  };
  return {
    open() {
      if (outbox === null) {
        outbox = openOutbox(file);
        onOpen(outbox);
      }
      return outbox;
    },
    reopen: close,
    close,
  };
}

/**
 * Housekeeping: detects writes of others; periodically deletes old notifications, and those that nobody would read.
 */
function keepOrder(of: {
  readonly names: readonly string[];
  readonly shelf: Shelf;
  readonly say: Say;
  ring(): void;
}): (outbox: Outbox) => Promise<number> {
  let prunedAtMs = Number.NEGATIVE_INFINITY;
  return async (outbox) => {
    if (outbox.isReplaced()) {
      of.shelf.reopen();
      of.ring();
      return POLL_MS;
    }
    if (!outbox.hasChanged()) return POLL_MS;
    for (const name of of.names) {
      const gone = giveUpBeyond(outbox.db, name, WAITING_MAX);
      if (0 < gone)
        of.say(
          "error",
          `[Alerts] ${name}: ${gone} notifications were dropped, because too many were waiting`,
        );
    }
    if (MS_PER_HOUR < monotonicMs() - prunedAtMs) {
      prunedAtMs = monotonicMs();
      pruneNotifications(outbox.db, wallMs() - KEEP_MS);
    }
    of.ring();
    return POLL_MS;
  };
}
