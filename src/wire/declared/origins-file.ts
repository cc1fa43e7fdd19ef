/** `<data-dir>/run/origins.json`: the origin of each configuration value that `up` wrote for its children. */
import { z } from "zod";

const Origins = z.record(z.string(), z.string());
/** A value that no file, variable or flag gave: ports, and what a demo reads. */
export const CHOSEN_BY_UP = "chosen by dolphin up";
export const ORIGINS_FILE = "origins.json";

export function originsText(origins: ReadonlyMap<string, string>): string {
  return `${JSON.stringify(Object.fromEntries(origins))}\n`;
}

/** Empty where the text is not an origins file. */
export function originsByUp(text: string): Readonly<Record<string, string>> {
  try {
    return Origins.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
