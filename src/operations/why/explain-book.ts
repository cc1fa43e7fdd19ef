/** Explains a book's decision at a time, from its log. Read-only, also beside a running trader. */
import { type BookName, hasLog } from "../../domain/trading/books.ts";
import type { BookAnswer, BookQuestion } from "./book-answer.ts";
import { explainBlue } from "./explain-blue.ts";
import { explainGreen } from "./explain-green.ts";

/** @throws {Error} where the log is damaged, or a strategy's file can't be run. */
export function explainBook(book: BookName, question: BookQuestion): Promise<BookAnswer> {
  return hasLog(book) ? explainBlue(question) : explainGreen(question);
}
