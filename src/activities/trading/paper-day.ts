/** The activities of a paper day: they check services, ask the book, and replay its day. */
import { Context, heartbeat } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { AskBook } from "../../adapters/session/ask-book.ts";
import { messageOf } from "../../domain/failure.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import type { RecordedDayResults } from "../../operations/replay/recorded-day-task.ts";
import type { TaskHooks } from "../../operations/thread-task.ts";
import type { DayDrift } from "../../wire/session/day-drift.ts";
import type { DayReplayJson } from "../../wire/session/day-replay.ts";
import type { SessionPnl } from "../../wire/session/trade-session.ts";
import type { ServiceStatus } from "../../wire/supervision.ts";
import { traderServiceOf } from "../../workflows/names.ts";
import type { TradingActivities } from "./trading.ts";
import { bridgeService } from "../../domain/supervision/services.ts";

export type PaperDayWorld = {
  readonly askBook: AskBook;
  readonly nowMs: () => number;
  readonly describeBook: TradingActivities["describeBook"];
  readonly supervisedStatus: (service: string) => Promise<ServiceStatus | null>;
  /** Through its supervisor; null where no worker handled the command. */
  readonly startService: (service: string) => Promise<ServiceStatus | null>;
  readonly tellSession: (book: string, day: string) => Promise<SessionPnl>;
  /** In its own thread, because a day takes longer than the heartbeat timeout. */
  readonly runDayTask: <K extends keyof RecordedDayResults>(
    asked: { readonly kind: K; readonly book: string; readonly day: string },
    hooks: TaskHooks,
  ) => Promise<RecordedDayResults[K]>;
};

type FoundBook = {
  readonly positions: number;
  readonly equity: number;
  readonly posture: string;
  readonly halted: boolean;
  readonly latched: readonly string[];
};

export type ReplayedDay = DayReplayJson & { readonly drift: DayDrift };

const BEAT_EVERY_MS = 5_000;

export function createPaperDayActivities(world: PaperDayWorld) {
  return {
    async beginPaperDay(book: string, asked: string | null) {
      const day = asked ?? dayFromMicros(world.nowMs() * US_PER_MS);
      const { layer: _layer, ...brief } = await world.describeBook(book, day);
      return { ...brief, day, layer: "batch" };
    },

    async bridgeStatus(): Promise<{ readonly isHealthy: boolean; readonly sentence: string }> {
      const status = await world.supervisedStatus(bridgeService().name);
      if (status === null) {
        return { isHealthy: false, sentence: "it has no supervisor; 'dolphin create' starts one" };
      }
      const { word, reason } = status;
      // A warning concerns its resource use, not its function.
      const isHealthy = word === "Healthy" || word === "Warning";
      return { isHealthy, sentence: `${word}: ${reason}` };
    },

    /** Idempotent: a running trader is left alone. */
    async startTrader(book: string): Promise<string> {
      const service = traderServiceOf(book);
      const status = await world.startService(service);
      if (status === null) throw new Error(`no worker executed the start of ${service}`);
      if (status.pid !== null) return `${status.word}: ${status.reason}`;
      throw new Error(`${service} did not start: ${status.word}: ${status.reason}`);
    },

    async readBook(book: string): Promise<FoundBook> {
      const { status, detail } = await world.askBook(book, { command: "status" });
      if (status === null) throw new Error(`the trader of ${book} sent no status: ${detail}`);
      const { equity, posture, halted, latched, positions } = status;
      return { positions: positions.length, equity, posture, halted, latched };
    },

    /** Idempotent: reads the session, or starts that of a day without trades. */
    tellSession: (book: string, day: string): Promise<SessionPnl> => world.tellSession(book, day),

    /** Idempotent: read-only. A drift that can't be measured is reported, and does not prevent the replay. */
    replayRecordedDay: (book: string, day: string): Promise<ReplayedDay> =>
      beating(async (hooks) => {
        const replay = await world.runDayTask({ kind: "replay", book, day }, hooks);
        const asked = { kind: "drift", book, day } as const;
        const drift = await world.runDayTask(asked, hooks).catch((error: unknown) => {
          hooks.signal.throwIfAborted();
          return { book, day, measured: false as const, reason: messageOf(error) };
        });
        return { ...replay, drift };
      }),
  };
}

export type PaperDayActivities = ReturnType<typeof createPaperDayActivities>;

async function beating<T>(act: (hooks: TaskHooks) => Promise<T>): Promise<T> {
  const { cancellationSignal, log } = Context.current();
  const timer = setInterval(() => heartbeat(), BEAT_EVERY_MS);
  try {
    return await act({ onProblem: (problem) => log.warn(problem), signal: cancellationSignal });
  } catch (error) {
    if (cancellationSignal.aborted) throw cancellationSignal.reason;
    throw ApplicationFailure.fromError(error);
  } finally {
    clearInterval(timer);
  }
}
