/** The files of `dolphin up` in its data directory for other processes: up.json and the effective configuration. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { replaceFile } from "../../adapters/files/replace-file.ts";
import { partSecrets, WRITTEN_BY_UP, type Config } from "../../config.ts";
import { ORIGINS_FILE, originsText } from "../../wire/declared/origins-file.ts";
import type { UpFile } from "../../wire/up-file.ts";

/** Writes up.json when its content has changed, or the file is gone; readers never see half of it. */
export function createUpFileWriter(dataDir: string): {
  write(up: UpFile): void;
  remove(): void;
} {
  const path = join(dataDir, "up.json");
  return {
    write(up) {
      keepFile(path, `${JSON.stringify(up, null, 2)}\n`);
    },
    remove() {
      rmSync(path, { force: true });
      rmSync(`${path}.new`, { force: true });
    },
  };
}

/** Temporal's own configuration file for our children: the operator's is for other servers. */
export function temporalConfigFile(dataDir: string): string {
  return join(dataDir, "run", "temporal.toml");
}

export function effectiveConfigFile(dataDir: string): string {
  return join(dataDir, "run", "dolphin.yaml");
}

/**
 * The configuration for the children of `dolphin up`, with the chosen ports and absolute paths. Secrets are not
 * written here: children get them in their environment. Called repeatedly while `up` runs, so that a deleted or
 * changed file is restored: without it no child could be restarted.
 */
export function createConfigKeeper(config: Config): { keep(): void } {
  const text = `${WRITTEN_BY_UP}${JSON.stringify(partSecrets(config).open, null, 2)}\n`;
  return {
    keep() {
      keepFile(effectiveConfigFile(config.data_dir), text);
      keepFile(temporalConfigFile(config.data_dir), `${WRITTEN_BY_UP}[profile.default]\n`);
    },
  };
}

/** For programs that show the configuration: the children only know this one file as its origin. */
export function writeOrigins(dataDir: string, origins: ReadonlyMap<string, string>): void {
  keepFile(join(dataDir, "run", ORIGINS_FILE), originsText(origins));
}

function keepFile(path: string, text: string): void {
  if (textOf(path) !== text) put(path, text);
}

/** Null where there is no readable file. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, text);
}
