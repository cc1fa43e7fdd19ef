/** Entry point of the trader of book BLUE: the book that counts. */
import { runTrader } from "./trader-process.ts";
import { traderOf } from "../../domain/supervision/services.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";

await runTrader({ service: traderOf(COUNTED_BOOK).name, book: COUNTED_BOOK, onStep: () => {} });
