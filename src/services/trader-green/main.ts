/** Entry point of book GREEN: a version beside BLUE's, on the same events, on paper and without keys. */
import { runGreen } from "./green-process.ts";

await runGreen();
