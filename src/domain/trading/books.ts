/** The books, declared once: all code takes them from here, or from the row of the service that trades one. */

export const BOOKS = ["BLUE", "GREEN"] as const;
export type BookName = (typeof BOOKS)[number];

/** The book that counts. It alone has a log; every other book follows that log. */
export const COUNTED_BOOK = "BLUE" satisfies BookName;
/** The book that runs another version on the same events. */
export const SHADOW_BOOK = "GREEN" satisfies BookName;

export function isBook(name: string): name is BookName {
  return BOOKS.some((book) => book === name);
}

/** Only a book with a log of its own can be replayed, truncated and projected. */
export function hasLog(book: string): boolean {
  return book === COUNTED_BOOK;
}
