/** Keeps secrets out of everything that leaves the process: a value is hidden by the name of its key. */

const SECRET_KEY =
  /password|passwd|passphrase|token|secret|(api|private)[_-]?key|key[_-]?data|credential|authorization|auth$/i;
const DEPTH_MAX = 8;
export const REDACTED = "[redacted]";

export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** A copy in which every value under a secret key is hidden; what lies too deep is hidden as well. */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactFields(fields, 0);
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]: [string, unknown]) => [
      key,
      isSecretKey(key) && value !== null ? REDACTED : redactValue(value, depth + 1),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (!isPlain(value)) return value;
  if (depth === DEPTH_MAX) return "[too deep]";
  return Array.isArray(value)
    ? value.map((item) => redactValue(item, depth + 1))
    : redactFields(value, depth);
}

/** Errors, dates and buffers have a serializer of their own. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
