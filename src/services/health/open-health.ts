/** Opens health's connections, and the destinations of its reports. */
import { join } from "node:path";
import { HealthHistory } from "../../adapters/health/health-history.ts";
import { openHealthOutlets } from "../../adapters/health/health-outlets.ts";
import { wallMs } from "../../adapters/clock.ts";
import { createLogger } from "../../adapters/logger.ts";
import { tellTransitions } from "../../operations/health/meta-health/signal-transitions.ts";
import { openHealthWatch } from "../../operations/health/open-health-watch.ts";
import { WELL } from "../../domain/health/health-word.ts";
import type { Diagnosis } from "../../domain/health/diagnosis.ts";
import type { Shell } from "../shell/run-service.ts";

export const HEALTH = "health";

/** Called whenever a decision may change, and for the first diagnosis. */
export type OnTransition = (diagnosis: Diagnosis) => void;

export async function openHealth({ config, say }: Shell) {
  const watch = await openHealthWatch({ config, name: HEALTH, temporalAddress: undefined });
  const log = createLogger({
    file: join(config.data_dir, "logs", "meta_health.log"),
    name: HEALTH,
    level: config.log.level,
    rotateMb: config.log.rotate_mb,
    rotateFiles: config.log.rotate_files,
  });
  const outlets = openHealthOutlets({ dataDir: config.data_dir, log, put: watch.put });
  const history = new HealthHistory(join(config.data_dir, "health", "history.db"));
  const teller = tellTransitions(watch.temporal.reads, config.recovery.mode);
  const onTransition: OnTransition = (diagnosis) => {
    const { word, roots } = diagnosis;
    teller.tell({ atMs: wallMs(), diagnosis });
    const causes = roots.map(({ id, owner, evidence }) => `${id} (${owner}): ${evidence[0]}`);
    say(word === WELL ? "info" : "warn", [word, ...causes].join("; "));
  };
  return { watch, log, outlets, history, teller, onTransition };
}
