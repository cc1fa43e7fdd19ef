/** A start error that only a person can mend: the process ends with exit code 78, and is not restarted. */
import { messageOf } from "../../domain/failure.ts";

export class MisconfiguredError extends Error {
  override readonly name = "MisconfiguredError";
}

/** Any error of `make` is one that a person has to mend. */
export function orMisconfigured<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new MisconfiguredError(messageOf(error), { cause: error });
  }
}
