/** Entry point of the safety watchdog: its argument is the file with its settings. */
import { readSettings } from "./open-posture.ts";
import { runWatchdog } from "./watchdog-process.ts";

await runWatchdog(readSettings(process.argv[2] ?? ""));
