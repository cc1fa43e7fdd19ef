/**
 * At the start of a worker: gives back to Temporal what a dead worker of this data directory held, instead of a wait for
 * its heartbeat timeout. Invariant: an attempt that has ended, or that another worker has taken over, is never touched,
 * however much time passes between the look and the answer: the token of an attempt fits no other one.
 */
import { hostname } from "node:os";
import { lostResult } from "../../activities/lost-result.ts";
import { wallMs } from "../../adapters/clock.ts";
import { type HoldFile, readHolds, removeHold } from "../../adapters/process/hold/hold-file.ts";
import { kernelPlace, seenProcess } from "../../adapters/process/hold/kernel-place.ts";
import {
  endAttempt,
  failAttempt,
  findKeepingAttempt,
  forgetWorkerOf,
} from "../../adapters/temporal/keeping-attempt.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import { messageOf } from "../../domain/failure.ts";
import { decideRelease, type Here, whyNotDead } from "../../domain/supervision/hold/release.ts";
import { isoFromMs } from "../../domain/time.ts";

export type ReleaseWorld = {
  readonly temporal: TemporalClient;
  /** Folder of run/<service>.json and of the holds. */
  readonly runFolder: string;
  readonly tell: (line: string) => void;
  /** Ends it: the next worker tries again. Each call has the limit of any call, however busy the machine is. */
  readonly stop: AbortSignal;
};

/** Never rejects: what is not given back ends by its timeout. */
export async function releaseHolds(world: ReleaseWorld): Promise<void> {
  const { temporal, runFolder, tell, stop } = world;
  const place = kernelPlace();
  const releases = readHolds(runFolder).map(async (hold) => {
    const here = { place, process: seenProcess(hold.keeper.pid) };
    if (whyNotDead(hold, here) !== null) return;
    try {
      await temporal.connection.withAbortSignal(stop, async () => {
        tell(`${hold.service}: its worker died; ${await release(temporal, hold, here)}`);
      });
      removeHold(runFolder, hold.service, hold.token);
    } catch (error) {
      tell(`${hold.service}: its worker died, and is not given back: ${whyNot(error)}`);
    }
  });
  await Promise.all(releases);
}

/** The client's own message does not say what came of the call. */
function whyNot(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)} (${messageOf(cause)})`;
}

/** Says what was done. */
async function release(temporal: TemporalClient, hold: HoldFile, here: Here): Promise<string> {
  const { pending, details } = await findKeepingAttempt(temporal, hold);
  const decision = decideRelease(hold, here, { pending, details });
  if (decision.kind === "leave") return `left as it is: ${decision.why}`;
  await forgetWorkerOf(temporal, hold);
  if (decision.kind === "try again" || details === null) {
    await failAttempt(temporal, hold.token);
    return "its run tries again";
  }
  const found = { at: isoFromMs(wallMs()), host: hostname() };
  await endAttempt(temporal, hold.token, lostResult(details, found));
  return "its run ends at once";
}
