/** Entry point of the trader of book BLUE: the book that counts. */
import { runTrader } from "./trader-process.ts";

await runTrader({ service: "trader-blue", book: "BLUE", onStep: () => {} });
