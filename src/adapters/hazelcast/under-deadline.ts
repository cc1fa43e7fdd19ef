/** Runs one exchange with the cluster, and gives up when it is not answered in time. */
import { messageOf } from "../../domain/failure.ts";

/** The cluster did not answer in time or is away; whether the call had an effect is unknown. */
export class HazelcastUnavailable extends Error {
  override readonly name = "HazelcastUnavailable";
}

/**
 * The deadline is counted in this many steps. A thread that was blocked by a slow share resumes with the answer
 * unread: of its own pause at most one step counts, and then the answer is read.
 */
const STEPS = 5;

/** @throws {HazelcastUnavailable} */
export async function underDeadline<T>(call: {
  readonly what: string;
  readonly start: () => Promise<T>;
  readonly deadlineMs: number;
}): Promise<T> {
  const { what, start, deadlineMs } = call;
  let cancel: (() => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      cancel = atDeadline(deadlineMs, () => {
        reject(new HazelcastUnavailable(`hazelcast: ${what}: no answer in ${deadlineMs} ms`));
      });
      start().then(resolve, reject);
    });
  } catch (error) {
    if (error instanceof HazelcastUnavailable) throw error;
    throw new HazelcastUnavailable(`hazelcast: ${what}: ${messageOf(error)}`, { cause: error });
  } finally {
    cancel?.();
  }
}

/** Returns what cancels it. */
export function atDeadline(deadlineMs: number, act: () => void): () => void {
  let stepsLeft = STEPS;
  let timer: NodeJS.Timeout | undefined;
  const step = (): void => {
    if (stepsLeft === 0) {
      act();
      return;
    }
    stepsLeft -= 1;
    timer = setTimeout(step, deadlineMs / STEPS);
  };
  step();
  return () => clearTimeout(timer);
}
