/**
 * Entry point of the bookkeeper: the work on BLUE's journal and the books' trades that is done beside the traders.
 */
import { runBookkeeper } from "./bookkeeper-process.ts";

await runBookkeeper();
