/** Entry point of the bookkeeper: what BLUE's journal and the books' trades need beside the traders. */
import { runBookkeeper } from "./bookkeeper-process.ts";

await runBookkeeper();
