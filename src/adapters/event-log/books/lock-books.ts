/** Locks both books for a change that neither may see half done. */
import { type DirectoryLock, lockDirectory } from "../../files/directory-lock.ts";
import { bookFolder } from "../segments/segment-files.ts";
import { BOOKS } from "../../../domain/trading/books.ts";

/** `inUse`: the result where the trader of a book runs; then nothing is done. */
export function withBooksLocked<T>(
  root: string,
  { act, inUse }: { readonly act: () => T; readonly inUse: (book: string) => T },
): T {
  const locks: DirectoryLock[] = [];
  try {
    for (const book of BOOKS) {
      const lock = lockDirectory(bookFolder(root, book));
      if (lock === null) return inUse(book);
      locks.push(lock);
    }
    return act();
  } finally {
    for (const lock of locks) lock.release();
  }
}
