/** Compare and set where strangers may have written what is no text. */
import type { IMap } from "hazelcast-client";

/** Whether `after` stands there now; false: another was there first, and what stands is to be read anew. */
export async function swapText(
  map: IMap<string, unknown>,
  key: string,
  { before, after }: { readonly before: unknown; readonly after: string },
): Promise<boolean> {
  if (typeof before === "string") return map.replaceIfSame(key, before, after);
  // What others wrote there may not come back as the same bytes (Python's whole numbers do not),
  // so it can't be compared: it is removed, unless one of ours has written there meanwhile.
  if (before !== null) {
    if (typeof (await map.get(key)) === "string") return false;
    await map.delete(key);
  }
  return (await map.putIfAbsent(key, after)) === null;
}
