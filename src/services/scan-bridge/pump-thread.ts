/** Entry point of the pump thread. */
import { runPump } from "./pump-wiring.ts";

await runPump(() => {});
