/**
 * The settings under which a book ever ran, each in a file named by its hash, beside its log: an older
 * part of the log is folded with what ran then. `dolphin replay` has the code of then, too (`kept-code.ts`);
 * every other fold has the present one.
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

/** What a release before did not know, a book that ran with it did not do. */
const BEFORE = { delisted_after_s: null, scan_offset_max_s: null, margin: null };

const HASH = /^[0-9a-f]{64}$/;

/** Gives what ran under a hash; null where it is not known, or can't be had any more. */
export type ConfigurationOf = (hash: string) => BookConfiguration | null;

/**
 * Before the log's first event under them. False where the disk did not take it, which is no reason
 * not to trade. `journalFolder`: of the book.
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

/** The strategy to be loaded for a hash; none where nothing is recorded of it. */
export function recordedStrategy(journalFolder: string, hash: string): readonly string[] {
  const settings = recordedSettings(journalFolder, hash);
  return settings === null ? [] : [settings.strategy];
}

/** With the strategies that are loaded; `present` is what is configured now, recorded or not. */
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

/** As they were recorded; null where nothing is. */
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
