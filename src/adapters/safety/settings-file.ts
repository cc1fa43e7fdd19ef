/** How the watchdog's process gets its settings: from a file beside its state, or in its environment. */
import { readFileSync } from "node:fs";
import { replaceFile } from "../files/replace-file.ts";

export const SETTINGS_VARIABLE = "DOLPHIN_WATCHDOG_SETTINGS";

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment for the process that reads them: a full disk must not prevent the watchdog's start. */
export function handOverSettings(file: string, text: string, env: Environment): Environment {
  try {
    replaceFile(file, text);
    return { ...env, [SETTINGS_VARIABLE]: undefined };
  } catch {
    return { ...env, [SETTINGS_VARIABLE]: text };
  }
}

export function settingsText(file: string, env: Environment): string {
  return env[SETTINGS_VARIABLE] ?? readFileSync(file, "utf8");
}
