/** One watchdog a data directory: two would each tell the trader a posture of their own, and hear half of the stops. */
import { mkdirSync } from "node:fs";
import { messageOf } from "../../domain/failure.ts";
import { lockDirectory } from "../directory-lock.ts";

export type Claim =
  | {
      readonly isOurs: true;
      /** Why nothing is locked; null where it is. */ readonly trouble: string | null;
      release(): void;
    }
  | { readonly isOurs: false };

/** A folder that cannot be locked keeps nobody from watching. */
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
