/** Why a book decided as it did at a time, from its log. Reads only, beside a trader at work, too. */
import { type BookName, hasLog } from "../../domain/trading/books.ts";
import type { BookAnswer, BookQuestion } from "./book-answer.ts";
import { explainBlue } from "./explain-blue.ts";
import { explainGreen } from "./explain-green.ts";

/** @throws {Error} where the log is damaged, or a strategy's file can't be run. */
export function explainBook(book: BookName, question: BookQuestion): Promise<BookAnswer> {
  return hasLog(book) ? explainBlue(question) : explainGreen(question);
}
