/** The process of the order-book streamer. */
import { monotonicMs } from "../../adapters/clock.ts";
import { EXIT_FENCED } from "../../domain/supervision/exit-codes.ts";
import { startPacedLoop } from "../shell/paced-loop.ts";
import { runService, type Running, type Shell } from "../shell/run-service.ts";
import { openOrderBook, ORDER_BOOK } from "./open-order-book.ts";
import { orderBookBeat } from "./order-book-beat.ts";
import { createStreamer } from "./streamer.ts";

const TICK_MS = 50;
/** While the venue says nothing and everything is published: a message wakes it. */
const QUIET_TICK_MS = 200;

export async function runOrderBook(): Promise<void> {
  await runService({ name: ORDER_BOOK, tag: "Order book", start });
}

async function start(shell: Shell): Promise<Running> {
  const world = await openOrderBook(shell);
  const { epoch } = world.publisher;
  const onFailure = (error: unknown): never =>
    error instanceof Error && error.name === "BooksFenced"
      ? shell.end(EXIT_FENCED, error.message)
      : shell.fail(error);
  const settings = shell.config.order_book;
  const onMessage = (): void => loop.wake();
  const streamer = createStreamer({ world, settings, say: shell.say, onFailure, onMessage });
  const turn = (): number => {
    try {
      return streamer.tick().isQuiet ? QUIET_TICK_MS : TICK_MS;
    } catch (error) {
      // Thrown in a timer it would end the process without a log line.
      return onFailure(error);
    }
  };
  const loop = startPacedLoop({ turn, apartMs: TICK_MS, nowMs: monotonicMs });
  return {
    beat: () => orderBookBeat(streamer.standing()),
    heartbeat: {
      put: (text) => world.publisher.heartbeat(ORDER_BOOK, text),
      about: { epoch, instance: world.instance },
    },
    async stop() {
      loop.stop();
      await streamer.stop();
    },
  };
}
