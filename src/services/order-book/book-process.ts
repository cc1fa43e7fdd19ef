/** The process of the order-book streamer. */
import { EXIT_FENCED } from "../../domain/supervision/exit-codes.ts";
import { runService, type Running, type Shell } from "../shell/run-service.ts";
import { openOrderBook, ORDER_BOOK } from "./open-order-book.ts";
import { orderBookBeat } from "./order-book-beat.ts";
import { createStreamer } from "./streamer.ts";

const TICK_MS = 50;

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
  const streamer = createStreamer({ world, settings, say: shell.say, onFailure });
  const timer = setInterval(() => {
    try {
      streamer.tick();
    } catch (error) {
      // Thrown in a timer it would end the process without a log line.
      onFailure(error);
    }
  }, TICK_MS);
  return {
    beat: () => orderBookBeat(streamer.standing()),
    heartbeat: {
      put: (text) => world.publisher.heartbeat(ORDER_BOOK, text),
      about: { epoch, instance: world.instance },
    },
    async stop() {
      clearInterval(timer);
      await streamer.stop();
    },
  };
}
