/** The scan files of one day folder, in order of their file time. */
import { type BigIntStats, lstatSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { codeOf } from "../../../domain/failure.ts";
import { isScanName } from "../../../domain/scan/archive-names.ts";
import { compareScans, type Timed } from "../../../domain/scan/order.ts";
import { namesIn, pathOf } from "../list-archive.ts";

/** `name` is `YYYY-MM-DD/name`, as in every order of scans. */
export type DayFileEntry = Timed & { readonly size: number; readonly mtimeUs: number };

/** The bridge journal's knowledge of a day: the seq of each file, and the time by which it was ordered. */
export type SeqLookup = (
  day: string,
) => ReadonlyMap<string, { readonly seq: number; readonly timeUs: number }>;

/** Files per turn of the event loop: other work in the thread must not wait for longer. */
const TURN_FILES = 1_000;

/** Regular files only; others are in `odd`, with the reason. */
export async function listDayFiles(
  archive: string,
  day: string,
  timeOf: (name: string, mtimeUs: number) => number,
): Promise<{ readonly files: DayFileEntry[]; readonly odd: DayFileEntry[] }> {
  const files: DayFileEntry[] = [];
  const odd: DayFileEntry[] = [];
  const folder = pathOf(archive, day);
  let looked = 0;
  for (const name of namesIn(folder)) {
    if (!isScanName(name)) continue;
    const file = `${day}/${name}`;
    const stat = statOf(`${folder}/${name}`);
    if (stat === null) continue;
    const mtimeUs = Number(stat.mtimeNs / 1_000n);
    const entry = { name: file, size: Number(stat.size), mtimeUs, timeUs: timeOf(file, mtimeUs) };
    (stat.isFile() ? files : odd).push(entry);
    looked += 1;
    if (looked % TURN_FILES === 0) await nextTurn();
  }
  return { files: files.toSorted(compareScans), odd };
}

function statOf(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
