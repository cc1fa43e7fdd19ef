/** Entry point of book GREEN: another version on BLUE's events, on paper and without keys. */
import { runGreen } from "./green-process.ts";

await runGreen();
