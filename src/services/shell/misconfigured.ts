/** What a start finds wrong and only a person can set right: the process ends with 78, and no restart is tried. */
import { messageOf } from "../../domain/failure.ts";

export class MisconfiguredError extends Error {
  override readonly name = "MisconfiguredError";
}

/** Whatever `make` throws is somebody's to set right. */
export function orMisconfigured<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new MisconfiguredError(messageOf(error), { cause: error });
  }
}
