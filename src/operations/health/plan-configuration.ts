/** What another configuration would have done in the last recorded days of health, before it is applied. */
import { openHealthHistory } from "../../adapters/health/health-history.ts";
import type { Config } from "../../config.ts";
import { type PolicyComparison, comparePlans } from "../../domain/health/incident/compare.ts";
import { type Both, hearOf, type HeardOf } from "../../domain/health/incident/records.ts";
import { MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { recoveryPolicyOf } from "../../wire/configuration.ts";
import { type DifferingKey, differingKeys } from "../../wire/health/differing-keys.ts";
import { watchedBy } from "../../wire/health/watched.ts";

const PLANNED_DAYS = 7;

export type ConfigurationPlan = {
  readonly keys: readonly DifferingKey[];
  readonly heard: Omit<HeardOf, "records">;
  readonly compared: PolicyComparison;
};

/** `history` is health's file; the days are counted back from its newest sample. */
export function planConfiguration(history: string, configs: Both<Config>): ConfigurationPlan {
  const graphs = { now: watchedBy(configs.now).graph, next: watchedBy(configs.next).graph };
  const { records, ...heard } = readHistory(history, (samples) => hearOf(samples, graphs));
  return {
    keys: differingKeys(configs.now, configs.next),
    heard,
    compared: comparePlans(records, { now: planOf(configs.now), next: planOf(configs.next) }),
  };
}

type Samples = Parameters<typeof hearOf>[0];

function readHistory(path: string, hear: (samples: Samples) => HeardOf): HeardOf {
  const reader = openHealthHistory(path);
  if (reader === null) return hear([]);
  try {
    const untilUs = reader.newestUs();
    if (untilUs === null) return hear([]);
    return hear(reader.samples(untilUs - PLANNED_DAYS * MS_PER_DAY * US_PER_MS, untilUs));
  } finally {
    reader.close();
  }
}

function planOf(config: Config) {
  return { policy: recoveryPolicyOf(config), mode: config.recovery.mode };
}
