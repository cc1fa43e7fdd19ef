/** Entry point of the bookkeeper: what BLUE's journal and the books' trades need beside the traders. */
import { provideLeanMessages } from "../../adapters/temporal/lean-messages.ts";

provideLeanMessages();
const { runBookkeeper } = await import("./bookkeeper-process.ts");
await runBookkeeper();
