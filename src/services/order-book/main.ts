/** Entry point of the order-book streamer: books and their features, as the venue sends them. */
import { runOrderBook } from "./book-process.ts";

await runOrderBook();
