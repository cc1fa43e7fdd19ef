/**
 * The settings under which a book ever ran, each in a file named by its hash, beside its log: an older part of the
 * log is folded with the settings of its time. `dolphin replay` also has the code of that time (`kept-code.ts`);
 * every other fold uses the present code.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Configuration } from "../../../wire/configuration.ts";
import {
  type BookConfiguration,
  bookConfiguration,
  type StrategyOf,
} from "../../../wire/trading/book-configuration.ts";
import { writeWhole } from "../segments/segment-files.ts";

type BookSettings = Configuration["trader"];

/** Settings unknown to an older release were off for a book that ran with it. */
const BEFORE = { delisted_after_s: null, scan_offset_max_s: null, margin: null };

const HASH = /^[0-9a-f]{64}$/;

/** Returns the configuration for a hash; null where it is unknown or no longer available. */
export type ConfigurationOf = (hash: string) => BookConfiguration | null;

/**
 * Called before the log's first event under them. False if they could not be written, which does not prevent trading.
 * `journalFolder`: of the book.
 */
export function recordConfiguration(
  journalFolder: string,
  hash: string,
  settings: BookSettings,
): boolean {
  const path = settingsPath(journalFolder, hash);
  try {
    if (existsSync(path)) return true;
    mkdirSync(join(journalFolder, "configurations"), { recursive: true, mode: 0o750 });
    writeWhole(path, [Buffer.from(`${JSON.stringify(settings, null, 2)}\n`)]);
    return true;
  } catch {
    return false;
  }
}

/** The strategy file to load for a hash; empty where nothing is recorded. */
export function recordedStrategy(journalFolder: string, hash: string): readonly string[] {
  const settings = recordedSettings(journalFolder, hash);
  return settings === null ? [] : [settings.strategy];
}

/** With the strategies that are loaded; `present` is the current configuration, recorded or not. */
export function recordedConfigurations(
  journalFolder: string,
  strategyOf: StrategyOf,
  present: BookConfiguration,
): ConfigurationOf {
  const found = new Map<string, BookConfiguration | null>([[present.hash, present]]);
  const read = (hash: string): BookConfiguration | null => {
    const settings = recordedSettings(journalFolder, hash);
    if (settings === null) return null;
    try {
      const configuration = bookConfiguration(present.trader.book, settings, strategyOf);
      return configuration.hash === hash ? configuration : null;
    } catch {
      return null;
    }
  };
  return (hash) => {
    const known = found.get(hash);
    if (known !== undefined) return known;
    const configuration = read(hash);
    found.set(hash, configuration);
    return configuration;
  };
}

/** As they were recorded; null where nothing was. */
export function recordedSettings(journalFolder: string, hash: string): BookSettings | null {
  if (!HASH.test(hash)) return null;
  try {
    const text = readFileSync(settingsPath(journalFolder, hash), "utf8");
    const recorded: unknown = JSON.parse(text);
    return Configuration.shape.trader.parse(Object.assign({}, BEFORE, recorded));
  } catch {
    return null;
  }
}

function settingsPath(journalFolder: string, hash: string): string {
  return join(journalFolder, "configurations", `${hash}.json`);
}
