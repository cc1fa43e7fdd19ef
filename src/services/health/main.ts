/** Entry point of health: the five sensors, every five seconds. */
import { provideLeanMessages } from "../../adapters/temporal/lean-messages.ts";

provideLeanMessages();
const { runHealth } = await import("./health-process.ts");
await runHealth();
