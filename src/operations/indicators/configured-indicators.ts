/** The configured indicators, each with its kind: a built-in file, or one of the operator's own. */
import { pathToFileURL } from "node:url";
import type { Config } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import { type IndicatorKind, isFetched } from "../../domain/indicators/indicator-kind.ts";
import type { IndicatorSchedule } from "../../domain/supervision/declared/indicator-schedules.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { isStrategyFile } from "../../wire/configuration.ts";
import { exportedKind } from "../../wire/indicators/exported-kind.ts";

export type ConfiguredIndicator = {
  readonly name: string;
  /** With the configured intervals. */
  readonly kind: IndicatorKind;
  /** Empty for a computed indicator. */
  readonly url: string;
  readonly symbols: readonly string[];
  readonly enabled: boolean;
};

type Entry = Config["indicators"][string];

/** @throws {Error} that names the key whose kind can't be had */
export function configuredIndicators(config: Config): Promise<readonly ConfiguredIndicator[]> {
  return Promise.all(
    Object.entries(config.indicators).map(([name, entry]) => configuredIndicator(name, entry)),
  );
}

/** @throws {Error} that names the key */
export async function configuredIndicator(
  name: string,
  entry: Entry,
): Promise<ConfiguredIndicator> {
  const kind = withPace(await loadKind(name, entry.kind ?? name), entry);
  const enabled = entry.enabled ?? true;
  if (!isFetched(kind)) return { name, kind, url: "", symbols: [], enabled };
  const { url = kind.url, symbols = kind.symbols } = entry;
  return { name, kind, url, symbols, enabled };
}

/** The desired Temporal schedule. */
export function scheduleOf({ name, kind, enabled }: ConfiguredIndicator): IndicatorSchedule {
  const { everyS, offsetS, jitterS, catchUp } = kind.pace;
  return {
    name,
    enabled,
    everyMs: everyS * MS_PER_SECOND,
    offsetMs: Math.min(offsetS, everyS / 2) * MS_PER_SECOND,
    jitterMs: Math.min(jitterS, everyS / 2) * MS_PER_SECOND,
    // One period: exactly one of the missed times is within it.
    catchUpMs: catchUp === "one" ? everyS * MS_PER_SECOND : null,
  };
}

function withPace(kind: IndicatorKind, { every_s, warn_s, stale_s }: Entry): IndicatorKind {
  const { overdue, ...stated } = kind.pace;
  const isOwnBudget = warn_s !== undefined || stale_s !== undefined;
  const pace = {
    ...stated,
    ...(overdue === undefined || isOwnBudget ? {} : { overdue }),
    ...(every_s === undefined ? {} : { everyS: every_s }),
    ...(warn_s === undefined ? {} : { warnS: warn_s }),
    ...(stale_s === undefined ? {} : { staleS: stale_s }),
  };
  return { ...kind, pace };
}

async function loadKind(name: string, named: string): Promise<IndicatorKind> {
  const isOwn = isStrategyFile(named);
  const url = isOwn
    ? pathToFileURL(named)
    : new URL(`${KINDS}${named.replaceAll("_", "-")}.ts`, import.meta.url);
  let module: unknown;
  try {
    module = await import(url.href);
  } catch (error) {
    const what = isOwn ? `file ${named}` : `there is no kind '${named}' of indicator`;
    throw new Error(`key 'indicators.${name}': ${what} (${messageOf(error)})`, { cause: error });
  }
  const found = exportedKind(module);
  if (typeof found !== "string") return found;
  throw new Error(`key 'indicators.${name}': ${named}: ${found}; see docs/add-an-indicator.md`);
}

const KINDS = "../../wire/indicators/kinds/";
