/**
 * The services of a data directory write its journals, and supervisors in Temporal start them: workers of two Temporals
 * would start each of them twice, and each stack would stop the other's.
 */
import { hostname } from "node:os";
import { serveFor } from "../../adapters/files/served-by.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import { type Config, ConfigError } from "../../config.ts";
import { isOnLoopback } from "../../domain/loopback.ts";

/** Held until it is released, or this process dies. @throws {ConfigError} where another Temporal is served. */
export async function serveOneTemporal(
  { data_dir }: Pick<Config, "data_dir">,
  { address, reads }: Pick<TemporalClient, "address" | "reads">,
  tell: (line: string) => void,
): Promise<{ release(): void }> {
  const served = serveFor(data_dir, { id: await reads.namespaceId(), place: placeOf(address) });
  if (served.kind === "taken") {
    throw new ConfigError(
      `workers of another Temporal (namespace ${served.by}) serve ${data_dir}, and the one at ${address.address} is not it: ` +
        "stop them, or give this stack a data_dir of its own",
    );
  }
  if (served.before !== null) {
    tell(
      `${data_dir} was served for another Temporal before (namespace ${served.before}): supervisors and schedules begin anew`,
    );
  }
  return served;
}

/** On loopback each machine has a server of its own. */
function placeOf({ address, namespace }: TemporalClient["address"]): string {
  return `${isOnLoopback(address) ? `${hostname()}/` : ""}${address}/${namespace}`;
}
