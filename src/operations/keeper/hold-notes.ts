/** Notes on disk which attempt of an activity this worker holds each service by, so that the next worker finds it. */
import { kernelPlace } from "../../adapters/process/hold/kernel-place.ts";
import { removeHold, writeHold } from "../../adapters/process/hold/hold-file.ts";
import { startedTicks } from "../../adapters/process/process-facts.ts";
import { messageOf } from "../../domain/failure.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";

export type KeepingAttempt = {
  readonly runId: string;
  readonly attempt: number;
  /** Temporal's token of it, in base64. */
  readonly token: string;
};
/** Returns what removes the note again. */
export type NoteHold = (spec: ServiceSpec, attempt: KeepingAttempt) => () => void;

export function createHoldNotes(world: {
  readonly runFolder: string;
  /** This worker's, as Temporal knows it. */
  readonly identityOf: (spec: ServiceSpec) => string;
  readonly warn: (text: string) => void;
}): NoteHold {
  const { runFolder } = world;
  const place = kernelPlace();
  const keeper = { pid: process.pid, started_ticks: startedTicks(process.pid) };
  /** Without a note, or with one too many, an attempt ends by its heartbeat timeout. */
  const tryTo = (service: string, act: () => void): void => {
    try {
      act();
    } catch (error) {
      world.warn(`${service}: the note of its hold cannot be written: ${messageOf(error)}`);
    }
  };
  return (spec, { runId, attempt, token }) => {
    const service = spec.name;
    const identity = world.identityOf(spec);
    const hold = { service, run_id: runId, attempt, token, identity, keeper, place };
    tryTo(service, () => writeHold(runFolder, hold));
    return () => tryTo(service, () => removeHold(runFolder, service, token));
  };
}
