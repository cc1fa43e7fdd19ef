/** The table of services with the changes of the sections `services` and `books`. */
import type { ServiceDeclaration } from "../../domain/supervision/declared/declaration.ts";
import { SERVICES, type ServiceSpec } from "../../domain/supervision/services.ts";
import type { Configuration } from "../configuration.ts";

type Declared = Pick<Configuration, "services" | "books" | "supervision" | "order_book">;

const MIB = 1_048_576;

export function declarationOf(spec: ServiceSpec, config: Declared): ServiceDeclaration {
  const own = Object.entries(config.services).find(([name]) => name === spec.name)?.[1] ?? {};
  const book = spec.book === null ? undefined : config.books[spec.book];
  return {
    enabled: (own.enabled ?? true) && (book?.enabled ?? true),
    autostart: own.autostart ?? book?.autostart ?? startsBySelf(spec, config),
    restarts_max: own.restarts_max ?? config.supervision.restarts_max,
    memory_max_mb: own.memory_max_mb ?? Math.round(spec.limits.memoryMaxBytes / MIB),
    cpu_max_percent: own.cpu_max_percent ?? spec.limits.cpuMaxPercent,
    tasks_max: own.tasks_max ?? spec.limits.tasksMax,
  };
}

/** The order-book streamer starts by itself only where symbols are configured. */
function startsBySelf({ role, autostart }: ServiceSpec, { order_book }: Declared): boolean {
  return role === "streamer" ? 0 < order_book.symbols.length : autostart;
}

/** A row with its declared changes, computed anew from the table. The memory watch acts below the hard cap. */
export function declaredSpec(spec: ServiceSpec, declared: ServiceDeclaration): ServiceSpec {
  const memoryMaxBytes = declared.memory_max_mb * MIB;
  // An earlier declaration may have lowered the row's marks.
  const row = Object.values(SERVICES).find(({ name }) => name === spec.name) ?? spec;
  return {
    ...spec,
    autostart: declared.enabled && declared.autostart,
    rssWarnBytes: Math.min(row.rssWarnBytes, memoryMaxBytes),
    rssRestartBytes: Math.min(row.rssRestartBytes, memoryMaxBytes),
    limits: {
      memoryMaxBytes,
      cpuMaxPercent: declared.cpu_max_percent,
      tasksMax: declared.tasks_max,
    },
  };
}

export function configuredServices(config: Declared): Readonly<Record<string, ServiceSpec>> {
  return Object.fromEntries(
    Object.values(SERVICES).map((spec) => [
      spec.name,
      declaredSpec(spec, declarationOf(spec, config)),
    ]),
  );
}
