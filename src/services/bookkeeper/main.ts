/**
 * Entry point of the bookkeeper: the work on BLUE's journal and the books' trades that is done beside the traders.
 */
import { provideLeanMessages } from "../../adapters/temporal/lean-messages.ts";

provideLeanMessages();
const { runBookkeeper } = await import("./bookkeeper-process.ts");
await runBookkeeper();
