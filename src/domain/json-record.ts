/** Parses a JSON text that is an object; null for any other text. */
export function jsonRecord(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return recordIn(JSON.parse(text));
  } catch {
    return null;
  }
}

export function recordIn(found: unknown): Readonly<Record<string, unknown>> | null {
  return isRecord(found) ? found : null;
}

export function isRecord(found: unknown): found is Readonly<Record<string, unknown>> {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

/** The value of a JSON text; null for a text that is not JSON. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
