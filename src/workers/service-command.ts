/** The command line of a service: this Node, the service's own flags, its module. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

export function serviceCommand(
  spec: ServiceSpec,
  place: { readonly env: ServiceCommand["env"]; readonly logFolder: string },
): ServiceCommand {
  return {
    file: process.execPath,
    args: [
      "--disable-warning=ExperimentalWarning",
      ...spec.nodeArgs,
      join(SERVICES_FOLDER, spec.module),
    ],
    env: { ...ENVIRONMENT, ...place.env },
    outFile: join(place.logFolder, `${spec.name}.out`),
  };
}
