/** The activities of a paper day: they look at services, ask the book, and have its day replayed. */
import { Context, heartbeat } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { AskBook } from "../../adapters/session/ask-book.ts";
import { messageOf } from "../../domain/failure.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import type { DayDrift } from "../../wire/session/day-drift.ts";
import type { DayReplayJson } from "../../wire/session/day-replay.ts";
import type { SessionPnl } from "../../wire/session/trade-session.ts";
import type { ServiceStatus } from "../../wire/supervision.ts";
import { traderServiceOf } from "../../workflows/names.ts";
import type { TradingActivities } from "./trading.ts";

export type PaperDayWorld = {
  readonly askBook: AskBook;
  readonly nowMs: () => number;
  readonly describeBook: TradingActivities["describeBook"];
  readonly supervisedStatus: (service: string) => Promise<ServiceStatus | null>;
  /** Through its supervisor; null where no worker took the command. */
  readonly startService: (service: string) => Promise<ServiceStatus | null>;
  readonly tellSession: (book: string, day: string) => Promise<SessionPnl>;
  /** In processes of their own: a day takes longer than a heartbeat may. */
  readonly replayDay: (book: string, day: string, signal: AbortSignal) => Promise<DayReplayJson>;
  readonly measureDrift: (book: string, day: string, signal: AbortSignal) => Promise<DayDrift>;
};

type FoundBook = {
  readonly positions: number;
  readonly equity: number;
  readonly posture: string;
  readonly halted: boolean;
  readonly latched: readonly string[];
};

export type ReplayedDay = DayReplayJson & { readonly drift: DayDrift };

const BRIDGE = "scan-bridge";
const BEAT_EVERY_MS = 5_000;

export function createPaperDayActivities(world: PaperDayWorld) {
  return {
    async beginPaperDay(book: string, asked: string | null) {
      const day = asked ?? dayFromMicros(world.nowMs() * US_PER_MS);
      const { layer: _layer, ...brief } = await world.describeBook(book, day);
      return { ...brief, day, layer: "batch" };
    },

    async bridgeStatus(): Promise<{ readonly isHealthy: boolean; readonly sentence: string }> {
      const status = await world.supervisedStatus(BRIDGE);
      if (status === null) {
        return { isHealthy: false, sentence: "it has no supervisor; 'dolphin create' makes one" };
      }
      const { word, reason } = status;
      // A warning is about what it costs, not about what it does.
      const isHealthy = word === "Healthy" || word === "Warning";
      return { isHealthy, sentence: `${word}: ${reason}` };
    },

    /** Idempotent: a trader that runs stays as it is. */
    async startTrader(book: string): Promise<string> {
      const service = traderServiceOf(book);
      const status = await world.startService(service);
      if (status === null) throw new Error(`no worker took the start of ${service}`);
      if (status.pid !== null) return `${status.word}: ${status.reason}`;
      throw new Error(`${service} did not start: ${status.word}: ${status.reason}`);
    },

    async readBook(book: string): Promise<FoundBook> {
      const { status, detail } = await world.askBook(book, { command: "status" });
      if (status === null) throw new Error(`the trader of ${book} told no status: ${detail}`);
      const { equity, posture, halted, latched, positions } = status;
      return { positions: positions.length, equity, posture, halted, latched };
    },

    /** Idempotent: looks, and starts the session of a day that had no trade. */
    tellSession: (book: string, day: string): Promise<SessionPnl> => world.tellSession(book, day),

    /** Idempotent: it only reads. A drift that can't be measured is told, and keeps no replay back. */
    replayRecordedDay: (book: string, day: string): Promise<ReplayedDay> =>
      beating(async (signal) => {
        const replay = await world.replayDay(book, day, signal);
        const drift = await world.measureDrift(book, day, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          return { book, day, measured: false as const, reason: messageOf(error) };
        });
        return { ...replay, drift };
      }),
  };
}

export type PaperDayActivities = ReturnType<typeof createPaperDayActivities>;

async function beating<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { cancellationSignal } = Context.current();
  const timer = setInterval(() => heartbeat(), BEAT_EVERY_MS);
  try {
    return await act(cancellationSignal);
  } catch (error) {
    if (cancellationSignal.aborted) throw cancellationSignal.reason;
    throw ApplicationFailure.fromError(error);
  } finally {
    clearInterval(timer);
  }
}
