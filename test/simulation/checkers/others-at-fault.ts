/** While only the upstream, the mount, a server or the clock is at fault, nothing is restarted. */
import type { Outcome } from "../recovery/outcome.ts";

export function checkOthersAtFault({ script, restarts, ends, considered }: Outcome): string[] {
  if (!script.isOthersOnly) return [];
  const acted = considered
    .flatMap(({ decisions }) => decisions)
    .filter(({ action }) => action !== "hold");
  return [
    ...restarts.map(({ service, atS }) => `${service} was restarted at ${atS} s`),
    ...ends.map(({ service, atS, kind }) => `${service} was ended (${kind}) at ${atS} s`),
    ...acted.map(({ id, rule }) => `decided to act: ${id} by ${rule}`),
  ];
}
