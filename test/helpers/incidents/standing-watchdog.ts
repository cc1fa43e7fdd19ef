/**
 * The incidents of a watchdog that observes nothing: the test provides the facts, and its socket answers like the real
 * one.
 */
import { controlSocketPath } from "../../../src/adapters/control-socket.ts";
import { serveControl } from "../../../src/adapters/control/serve-control.ts";
import { safetyFolder } from "../../../src/adapters/safety/posture-file.ts";
import { type FactTable, NO_FACTS } from "../../../src/domain/incidents/facts.ts";
import { answerIncidents } from "../../../src/operations/incidents/answer-incidents.ts";
import { openIncidents } from "../../../src/operations/incidents/open-incidents.ts";
import { WATCHDOG } from "../../../src/wire/safety/safety-control.ts";
import { HOOK, ruleOf } from "./watching.ts";

const QUIET = { info() {}, warn() {}, error() {} };

/** Its one rule, `probe`, holds while `x.on` is true, and is over at once. */
export async function standWatchdog(dataDir: string) {
  const rules = [ruleOf({ name: "probe", when: "x.on", keepMs: 0 })];
  let nowMs = Date.now();
  const folder = safetyFolder(dataDir);
  const incidents = openIncidents({ folder, rules, channels: [HOOK], log: QUIET, nowMs });
  const path = controlSocketPath(dataDir, WATCHDOG);
  const socket = await serveControl(path, { requestCharsMax: 16_384 }, async (line) => {
    const about = { incidents, rules, facts: () => NO_FACTS, nowMs };
    return JSON.stringify(answerIncidents(about, Object(JSON.parse(line))));
  });
  return {
    incidents,
    poll(values: FactTable): void {
      nowMs += 1_000;
      incidents.step({ values, roots: [], symptoms: [] }, nowMs);
    },
    close(): void {
      socket.close();
      incidents.close();
    },
  };
}
