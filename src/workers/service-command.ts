/** The command line of a service: this Node, the service's own flags, its module. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../adapters/process/node-flags.ts";
import type { ServiceLaunch } from "../adapters/process/service-process.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";

const SERVICES_FOLDER = fileURLToPath(new URL("../services/", import.meta.url));
/**
 * One malloc arena instead of one per thread makes a service some 15 MB smaller, and prevents slow growth. The
 * compile cache, as in bin/dolphin, saves each start from stripping types: 20 MB, and time that a restart does not
 * have.
 */
const ENVIRONMENT = {
  MALLOC_ARENA_MAX: "1",
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../../.cache/compile", import.meta.url)),
};
/**
 * A fixed limit on the free memory that malloc keeps, 3 MB less for a service: by default glibc raises the limit with each
 * larger block that is freed. Only where latency is not measured in milliseconds; its effect there was not measured.
 */
const TRIMMED = { MALLOC_TRIM_THRESHOLD_: "131072" };
const NOT_TRIMMED = { MALLOC_TRIM_THRESHOLD_: undefined };

export function serviceCommand(
  spec: ServiceSpec,
  place: { readonly env: ServiceLaunch["env"]; readonly logFolder: string },
): ServiceLaunch {
  return {
    file: process.execPath,
    args: [...NODE_FLAGS, ...spec.nodeArgs, join(SERVICES_FOLDER, spec.module)],
    env: { ...ENVIRONMENT, ...place.env, ...(spec.isUrgent ? NOT_TRIMMED : TRIMMED) },
    outFile: join(place.logFolder, `${spec.name}.out`),
  };
}
