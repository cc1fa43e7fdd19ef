/** `<data-dir>/run/origins.json`: where each value of the configuration came from that `up` wrote for its children. */
import { z } from "zod";

const Origins = z.record(z.string(), z.string());
export const ORIGINS_FILE = "origins.json";

export function originsText(origins: ReadonlyMap<string, string>): string {
  return `${JSON.stringify(Object.fromEntries(origins))}\n`;
}

/** Nothing where the text is none of ours. */
export function originsByUp(text: string): Readonly<Record<string, string>> {
  try {
    return Origins.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
