/** Checks that Temporal answers, else says what to do. */
import { temporalAnswersFirst, type TemporalClient } from "../adapters/temporal-client.ts";
import { EXIT_SERVER_SILENT } from "../domain/supervision/overall.ts";
import { CommandRefused } from "./command-refused.ts";

/** @throws {CommandRefused} exit code 3 when the server is away. */
export async function expectTemporal(temporal: TemporalClient): Promise<void> {
  if (await temporalAnswersFirst(temporal)) return;
  const { address } = temporal.address;
  throw new CommandRefused(
    `Temporal at ${address} does not answer; start it ('dolphin up') or set TEMPORAL_ADDRESS`,
    EXIT_SERVER_SILENT,
  );
}
