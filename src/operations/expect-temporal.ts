/** Temporal's server, or a sentence on what to do. */
import { temporalAnswers, type TemporalClient } from "../adapters/temporal-client.ts";
import { EXIT_SERVER_SILENT } from "../domain/supervision/overall.ts";
import { CommandRefused } from "./command-refused.ts";

/** A first call also connects, on a machine that may be busy. */
const COLD_ANSWER_MS_MAX = 5_000;

/** @throws {CommandRefused} exit code 3 when the server is away. */
export async function expectTemporal(temporal: TemporalClient): Promise<void> {
  if (await temporalAnswers(temporal, COLD_ANSWER_MS_MAX)) return;
  const { address } = temporal.address;
  throw new CommandRefused(
    `Temporal at ${address} does not answer; start it ('dolphin up') or set TEMPORAL_ADDRESS`,
    EXIT_SERVER_SILENT,
  );
}
