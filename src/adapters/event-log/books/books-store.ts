/** `books.json` and the states that promotions saved: both books read them when they start. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../../domain/failure.ts";
import { BOOKS_FILE, BooksFile, NEVER_PROMOTED } from "../../../wire/trading/books-file.ts";
import {
  decodeShadow,
  encodeShadow,
  type ShadowSnapshot,
} from "../../../wire/trading/shadow-snapshot.ts";
import { encodeTraderSnapshot } from "../../../wire/trading/trader-snapshot.ts";
import { tradingRoot, writeWhole } from "../segments/segment-files.ts";
import {
  deleteSnapshotsBehind,
  type FoundSnapshot,
  latestSnapshot,
  saveSnapshotIn,
} from "../snapshots.ts";

/** A fold of the log needs the state at every promotion in it. */
const PROMOTIONS_KEPT_MAX = 1_000;

/** @throws {Error} that names the file when it is invalid. */
export function readBooksFile(dataDir: string): BooksFile {
  const path = join(dataDir, BOOKS_FILE);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return NEVER_PROMOTED;
    throw error;
  }
  try {
    return BooksFile.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(
      `${path} does not say which version each book runs; 'dolphin promote' writes it`,
      {
        cause: error,
      },
    );
  }
}

/** Writing the file completes the exchange: until then both books are as before. */
export function writePromotion(dataDir: string, books: BooksFile, state: ShadowSnapshot): void {
  const { index } = state;
  saveSnapshotIn(
    promotionsFolder(dataDir),
    { index, bytes: encodeShadow(state) },
    PROMOTIONS_KEPT_MAX,
  );
  writeBooks(dataDir, books);
}

/** The versions as of this event: undoes each later promotion, which exchanged the versions. */
export function booksUpTo(books: BooksFile, lastIndex: number): BooksFile {
  const promotions = books.promotions.filter(({ at_index }) => at_index <= lastIndex);
  const isOdd = (books.promotions.length - promotions.length) % 2 === 1;
  return { ...books, promotions, is_exchanged: books.is_exchanged !== isOdd };
}

export function forgetPromotions(dataDir: string, lastIndex: number): void {
  const books = readBooksFile(dataDir);
  const kept = booksUpTo(books, lastIndex);
  if (kept.promotions.length < books.promotions.length) writeBooks(dataDir, kept);
  deleteSnapshotsBehind(promotionsFolder(dataDir), lastIndex);
}

function writeBooks(dataDir: string, books: BooksFile): void {
  writeWhole(join(dataDir, BOOKS_FILE), [Buffer.from(`${JSON.stringify(books, null, 2)}\n`)]);
}

/** Both books after the last promotion; null before the first. */
export function promotedState(dataDir: string, books: BooksFile): ShadowSnapshot | null {
  const last = books.promotions.at(-1);
  return last === undefined ? null : promotedStateAt(dataDir, last.at_index);
}

/** Null where no promotion saved a state after this event. */
export function promotedStateAt(dataDir: string, index: number): ShadowSnapshot | null {
  const { snapshot } = latestSnapshot(promotionsFolder(dataDir), index);
  return snapshot?.index === index ? decodeShadow(snapshot.bytes) : null;
}

/** The state from which BLUE continues: its newest snapshot, or the state of a promotion that is later or equal. */
export function snapshotOfBlue(
  dataDir: string,
  found: FoundSnapshot,
  lastIndex: number,
): FoundSnapshot {
  const promoted = promotedState(dataDir, readBooksFile(dataDir));
  if (promoted === null || lastIndex < promoted.index) return found;
  if (found.snapshot !== null && promoted.index < found.snapshot.index) return found;
  const bytes = encodeTraderSnapshot(promoted.blue, promoted.blueHash);
  return { ...found, snapshot: { index: promoted.index, bytes } };
}

function promotionsFolder(dataDir: string): string {
  return join(tradingRoot(dataDir), "promotions");
}
