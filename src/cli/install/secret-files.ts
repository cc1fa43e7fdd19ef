/** Which files a configuration names as holding secrets. */

/** Values of `url_file`, `routing_key_file` and their like, however deep. */
export function filesNamedIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key.endsWith("_file") && typeof inner === "string" ? [inner] : filesNamedIn(inner),
  );
}
