/** Supervision never ends a healthy process. */
import type { Outcome } from "../recovery/outcome.ts";

export function checkHealthyLeftAlone({ ends }: Outcome): string[] {
  return ends.flatMap(({ service, atS, kind, truth, by }) =>
    truth === "nothing" && (by === "supervisor" || by === "metaHealth")
      ? [`${by} ended a healthy ${service} at ${atS} s (${kind})`]
      : [],
  );
}
