/** Freezes a process like a drill, and stays alive: `hold-frozen.ts DATA_DIR PID`. */
import { freezeStrike } from "../../../src/adapters/faults/strikes.ts";
import { startedTicks } from "../../../src/adapters/process/process-facts.ts";

const [, , dataDir = "", pid = ""] = process.argv;
const ticks = startedTicks(Number(pid)) ?? 0;
const strike = freezeStrike(dataDir, { name: "bridge-freeze" }, [
  { name: "target", pid: Number(pid), ticks },
]);
if (strike.kind === "can") strike.strike();
setInterval(() => undefined, 1_000);
