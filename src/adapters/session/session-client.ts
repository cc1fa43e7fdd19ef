/** Asks the session of a book's day for its state; starts it if the day has none yet. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from "@temporalio/client";
import type { SessionPnl } from "../../wire/session/trade-session.ts";
import { settleUpdate, type TradeSessionInput } from "../../workflows/messages/trading.ts";
import { sessionIdOf, taskQueueOf, TRADE_SESSION } from "../../workflows/names.ts";
import type { TemporalClient } from "../temporal-client.ts";

type TradeSession = (input: TradeSessionInput) => Promise<SessionPnl>;

/** Makes an open session read the outbox now; returns the result of an ended one. */
export async function tellSession(
  { client }: TemporalClient,
  book: string,
  day: string,
): Promise<SessionPnl> {
  const workflowId = sessionIdOf(book, day);
  try {
    await client.workflow.start<TradeSession>(TRADE_SESSION, {
      workflowId,
      taskQueue: taskQueueOf("trader"),
      args: [{ book, day }],
      workflowIdReusePolicy: "ALLOW_DUPLICATE_FAILED_ONLY",
      staticSummary: `${book} on ${day}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const handle = client.workflow.getHandle<TradeSession>(workflowId);
  try {
    return await handle.executeUpdate(settleUpdate, { args: [{}] });
  } catch (error) {
    // It closed, possibly during the request.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return handle.result();
  }
}
