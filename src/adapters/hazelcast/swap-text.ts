/** Compare-and-set on keys where another program may have written a value that is not text. */
import type { IMap } from "hazelcast-client";

/** Whether `after` is stored now; false: another writer was first, and the value must be read again. */
export async function swapText(
  map: IMap<string, unknown>,
  key: string,
  { before, after }: { readonly before: unknown; readonly after: string },
): Promise<boolean> {
  if (typeof before === "string") return map.replaceIfSame(key, before, after);
  // A foreign value may not serialise to the same bytes again (Python's integers do not), so it can't be compared: it
  // is removed, unless one of ours has been written meanwhile.
  if (before !== null) {
    if (typeof (await map.get(key)) === "string") return false;
    await map.delete(key);
  }
  return (await map.putIfAbsent(key, after)) === null;
}
