/** What `dolphin up` keeps in its data directory for others: up.json and the effective configuration. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { replaceFile } from "../../adapters/replace-file.ts";
import { partSecrets, WRITTEN_BY_UP, type Config } from "../../config.ts";
import { ORIGINS_FILE, originsText } from "../../wire/declared/origins-file.ts";
import type { UpFile } from "../../wire/up-file.ts";

/** Writes up.json where it says anything else, or is gone; readers never see half of it. */
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
 * What the children of `dolphin up` read: chosen ports and absolute paths included. Secrets are
 * not written here: the children get them in their environment. Called again while `up` runs, it
 * mends what somebody deleted or changed: no child could be started again from that.
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

/** For who shows the configuration: its children know it from one file alone. */
export function writeOrigins(dataDir: string, origins: ReadonlyMap<string, string>): void {
  keepFile(join(dataDir, "run", ORIGINS_FILE), originsText(origins));
}

function keepFile(path: string, text: string): void {
  if (textOf(path) !== text) put(path, text);
}

/** Null where there is nothing that can be read. */
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
