/** Which services an operator's argument selects, and the order in which they take a command. */
import { GROUPS, type ServiceSpec } from "./services.ts";

const ALL = "all";
const GROUP_PREFIX = "group:";

/** Every argument that selects at least one of these services. */
export function serviceChoices(services: readonly ServiceSpec[]): readonly string[] {
  const groups = GROUPS.filter((name) => services.some(({ group }) => group === name));
  return [
    ...services.map(({ name }) => name),
    ...groups.map((name) => `${GROUP_PREFIX}${name}`),
    ALL,
  ];
}

/** Upstream first, so that each finds its dependencies running; a stop uses the reverse order. */
export function chosenServices(
  services: readonly ServiceSpec[],
  choice: string,
): readonly ServiceSpec[] {
  return upstreamFirst(
    services.filter(
      ({ name, group }) =>
        choice === ALL || choice === name || choice === `${GROUP_PREFIX}${group}`,
    ),
  );
}

/** Terminates even with a cycle among dependencies, which the table does not have. */
export function upstreamFirst(services: readonly ServiceSpec[]): readonly ServiceSpec[] {
  const ordered = new Set<ServiceSpec>();
  const visiting = new Set<ServiceSpec>();
  const visit = (spec: ServiceSpec): void => {
    if (visiting.has(spec)) return;
    visiting.add(spec);
    for (const upstream of services) {
      if (spec.dependsOn.some((dependency) => dependency === upstream.name)) visit(upstream);
    }
    ordered.add(spec);
  };
  for (const spec of services) visit(spec);
  return [...ordered];
}
