/** The books, declared once: whoever needs one takes it from here, or from the row of a service that decides for it. */

export const BOOKS = ["BLUE", "GREEN"] as const;
export type BookName = (typeof BOOKS)[number];

/** The book that counts. It alone has a log, and every other book follows that one. */
export const COUNTED_BOOK = "BLUE" satisfies BookName;
/** The book that runs another version on the same events. */
export const SHADOW_BOOK = "GREEN" satisfies BookName;

export function isBook(name: string): name is BookName {
  return BOOKS.some((book) => book === name);
}

/** Only what has a log of its own can be replayed, cut and projected. */
export function hasLog(book: string): boolean {
  return book === COUNTED_BOOK;
}
