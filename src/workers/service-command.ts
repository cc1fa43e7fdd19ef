/** The command line of a service: this Node, the service's own flags, its module. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServiceCommand } from "../adapters/process/service-process.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";

const SERVICES_FOLDER = fileURLToPath(new URL("../services/", import.meta.url));

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
    env: place.env,
    outFile: join(place.logFolder, `${spec.name}.out`),
  };
}
