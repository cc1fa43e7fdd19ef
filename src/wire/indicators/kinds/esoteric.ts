import type { ComputedKind } from "../../../domain/indicators/indicator-kind.ts";
import { esotericFactors } from "../esoteric-factors.ts";

export const indicator: ComputedKind = {
  about: "Moon, planets (apparent, geocentric, of date), calendar and sessions; worked out here",
  pace: { everyS: 300, offsetS: 0, jitterS: 5, catchUp: "none", warnS: 900, staleS: 3_600 },
  compute: (nowMs) =>
    esotericFactors(nowMs).map(({ name, value, unit }) => ({
      label: name,
      value,
      unit,
      asOfMs: Math.floor(nowMs),
    })),
};
