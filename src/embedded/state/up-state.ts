/** What `dolphin up` keeps in its data directory for others: up.json and the effective configuration. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { Config } from "../../config.ts";
import type { UpFile } from "../../wire/up-file.ts";

/** Writes up.json when it changed; readers never see half of it. */
export function createUpFileWriter(dataDir: string): {
  write(up: UpFile): void;
  remove(): void;
} {
  const path = join(dataDir, "up.json");
  let written = "";
  return {
    write(up) {
      const text = `${JSON.stringify(up, null, 2)}\n`;
      if (text === written) return;
      replaceFile(path, text);
      written = text;
    },
    remove() {
      rmSync(path, { force: true });
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

/** What the children of `dolphin up` read: chosen ports and absolute paths included. */
export function writeEffectiveConfig(config: Config): void {
  const heading = "# Written by `dolphin up` at each start; changes here are lost.\n";
  replaceFile(effectiveConfigFile(config.data_dir), heading + stringify(config));
  replaceFile(temporalConfigFile(config.data_dir), `${heading}[profile.default]\n`);
}

function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
