/** Entry point of the safety watchdog: the file with its settings is its argument. */
import { readSettings } from "./open-posture.ts";
import { runWatchdog } from "./watchdog-process.ts";

await runWatchdog(readSettings(process.argv[2] ?? ""));
