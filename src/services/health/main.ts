/** Entry point of health: the five sensors, every five seconds. */
import { runHealth } from "./health-process.ts";

await runHealth();
