/**
 * One watchdog per data directory: two would each send the trader their own posture, and each would receive only some
 * of the stops.
 */
import { mkdirSync } from "node:fs";
import { messageOf } from "../../domain/failure.ts";
import { lockDirectory } from "../files/directory-lock.ts";

export type Claim =
  | {
      readonly isOurs: true;
      /** Why nothing is locked; null where it is. */ readonly trouble: string | null;
      release(): void;
    }
  | { readonly isOurs: false };

/** A folder that cannot be locked does not prevent watching. */
export function claimWatch(folder: string): Claim {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = lockDirectory(folder);
    return lock === null
      ? { isOurs: false }
      : { isOurs: true, trouble: null, release: () => lock.release() };
  } catch (error) {
    return { isOurs: true, trouble: messageOf(error), release: () => undefined };
  }
}
