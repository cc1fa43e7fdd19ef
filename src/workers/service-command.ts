/** The command line of a service: this Node, the service's own flags, its module. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../adapters/process/node-flags.ts";
import type { ServiceCommand } from "../adapters/process/service-process.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";

const SERVICES_FOLDER = fileURLToPath(new URL("../services/", import.meta.url));
/**
 * One malloc arena instead of one a thread keeps a service some 15 MB smaller, and from creeping.
 * The compile cache, as in bin/dolphin, spares each start the stripping of types: 20 MB, and time
 * that a restart does not have.
 */
const ENVIRONMENT = {
  MALLOC_ARENA_MAX: "1",
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../../.cache/compile", import.meta.url)),
};
/**
 * A fixed bound for what malloc keeps, as the worker has it: glibc raises its own with each larger piece that is freed. 3 MB less,
 * for those on whose answer nobody waits in milliseconds; on the hot way of the others it is not measured.
 */
const TRIMMED = { MALLOC_TRIM_THRESHOLD_: "131072" };
const NOT_TRIMMED = { MALLOC_TRIM_THRESHOLD_: undefined };

export function serviceCommand(
  spec: ServiceSpec,
  place: { readonly env: ServiceCommand["env"]; readonly logFolder: string },
): ServiceCommand {
  return {
    file: process.execPath,
    args: [...NODE_FLAGS, ...spec.nodeArgs, join(SERVICES_FOLDER, spec.module)],
    env: { ...ENVIRONMENT, ...place.env, ...(spec.isUrgent ? NOT_TRIMMED : TRIMMED) },
    outFile: join(place.logFolder, `${spec.name}.out`),
  };
}
