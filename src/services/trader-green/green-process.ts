/**
 * The process of book GREEN: reads BLUE's log and nothing else of BLUE. Only the paper desk and no keys are wired
 * here, so that no version can trade for real.
 */
import { controlSocketPath, serveControl } from "../../adapters/control-socket.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { WorkFacts } from "../../domain/supervision/verdict.ts";
import { CONTROL_REQUEST_CHARS_MAX } from "../../wire/trading/trader-control.ts";
import { missingFeedsOf, notesOf } from "../book-status.ts";
import { type Running, runService, type Shell } from "../shell/run-service.ts";
import { answerGreen } from "./green-control.ts";
import { GREEN_SERVICE, openGreen } from "./open-green.ts";

/** BLUE's log has an event each second. */
const EVENTS_BUDGET_S = 30;

export async function runGreen(): Promise<void> {
  await runService({ name: GREEN_SERVICE, tag: "Green", start });
}

async function start(shell: Shell): Promise<Running> {
  const { book, feed, trades, follow, lock, isConnected } = await openGreen(shell);
  const control = await serveControl(
    controlSocketPath(shell.config.data_dir, GREEN_SERVICE),
    { requestCharsMax: CONTROL_REQUEST_CHARS_MAX },
    (line) => answerGreen({ book, trades }, line),
  );
  const factsNow = (): WorkFacts => {
    const ageMs = follow.ageMs();
    return {
      dependencies: { hazelcast: isConnected() ? "ok" : "down" },
      inputs: [
        {
          name: "events",
          ageS: ageMs === null ? null : ageMs / MS_PER_SECOND,
          budgetS: EVENTS_BUDGET_S,
        },
      ],
      queue: null,
      notes: [
        ...notesOf(book.shadow.green),
        // GREEN's only inputs are those in BLUE's log.
        ...missingFeedsOf(book.shadow.green, shell.config.feeds),
      ],
    };
  };
  return {
    beat: () => ({ state: book.phrase(), facts: factsNow(), counters: book.counters() }),
    heartbeat: { put: (text) => feed.putHeartbeat(GREEN_SERVICE, text), about: {} },
    stop() {
      follow.stop();
      control.close();
      book.save();
      book.close();
      trades.close();
      lock.release();
    },
  };
}
