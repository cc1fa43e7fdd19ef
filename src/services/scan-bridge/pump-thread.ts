/** Entry point of the pump thread. */
import { runPump } from "./pump.ts";

await runPump(() => {});
