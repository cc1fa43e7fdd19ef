/** Random months of faults, each from one seed: what happens to the world, and when. */
import { createRandom } from "../fault-script.ts";

export const OUTAGES = [
  "upstream",
  "hung",
  "missing",
  "hazelcast",
  "temporal",
  "bad-starts",
  "health-away",
] as const;
export type Outage = (typeof OUTAGES)[number];
export const SERVICES_HURT = ["scan-bridge", "trader-blue", "bookkeeper"] as const;
export type Hurt = (typeof SERVICES_HURT)[number];
export const BLOWS = ["crash", "freeze", "leak", "wedge", "stuck-loop"] as const;
export type Blow = (typeof BLOWS)[number];
export type Command = "stop" | "start" | "restart";

export type ScriptEvent = { readonly atS: number } & (
  | { readonly kind: "begin" | "end"; readonly outage: Outage; readonly service: Hurt }
  /** `isUnseen`: its keeper's health check does not see it, as after a fault of the keeper's own. */
  | {
      readonly kind: "blow";
      readonly blow: Blow;
      readonly service: Hurt;
      readonly isUnseen: boolean;
    }
  | { readonly kind: "worker-killed" }
  | { readonly kind: "command"; readonly command: Command; readonly service: Hurt }
  /** The wall clock is set, by seconds. */
  | { readonly kind: "clock"; readonly byS: number }
);
export type MonthScript = {
  readonly seed: number;
  readonly durationS: number;
  readonly events: readonly ScriptEvent[];
  /** Nothing of ours is hurt: whatever is restarted is restarted for nothing. */
  readonly isOthersOnly: boolean;
};

const DAY_S = 86_400;
/** No fault begins in it, so that recovery can be asked for. */
export const TAIL_S = 14_400;
const OF_OTHERS: readonly Outage[] = [
  "upstream",
  "hung",
  "missing",
  "hazelcast",
  "temporal",
  "health-away",
];

export function randomMonth(seed: number, days = 30): MonthScript {
  const random = createRandom(seed);
  const durationS = days * DAY_S;
  const below = (bound: number): number => Math.floor(random() * bound);
  const moment = (): number => 600 + below(durationS - TAIL_S - 600);
  const anyOf = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const isOthersOnly = random() < 0.25;
  // A month of few faults, or of many.
  const scale = (random() < 0.2 ? 3 : 1) * (days / 30);
  const times = (most: number): number => Math.ceil(random() * most * scale);
  const events: ScriptEvent[] = [];
  for (const outage of OUTAGES) {
    if (isOthersOnly && !OF_OTHERS.includes(outage)) continue;
    for (let n = times(6); 0 < n; n -= 1) {
      const atS = moment();
      const service = anyOf(SERVICES_HURT);
      const longest = outage === "bad-starts" ? 1_800 : random() < 0.3 ? 40_000 : 900;
      const endS = Math.min(durationS - TAIL_S, atS + 1 + below(longest));
      events.push({ atS, kind: "begin", outage, service });
      events.push({ atS: endS, kind: "end", outage, service });
    }
  }
  // An upstream that comes and goes.
  for (let n = times(1), atS = moment(); 0 < n && atS < durationS - TAIL_S; n -= 1) {
    for (let half = 0; half < 20; half += 1, atS += 20 + below(200)) {
      const kind = half % 2 === 0 ? "begin" : "end";
      events.push({ atS, kind, outage: "upstream", service: "scan-bridge" });
    }
  }
  for (let n = times(2); 0 < n; n -= 1) {
    const byS = (random() < 0.5 ? -1 : 1) * anyOf([2, 60, 3_600, DAY_S]);
    events.push({ atS: moment(), kind: "clock", byS });
  }
  if (!isOthersOnly) {
    const blow = (atS: number): ScriptEvent => {
      const service = anyOf(SERVICES_HURT);
      const what = anyOf(service === "scan-bridge" ? BLOWS : BLOWS.slice(0, 3));
      return { atS, kind: "blow", blow: what, service, isUnseen: random() < 0.3 };
    };
    for (let n = times(24); 0 < n; n -= 1) events.push(blow(moment()));
    // Many within minutes.
    for (let n = times(2); 0 < n; n -= 1) {
      const fromS = moment();
      for (let at = 0; at < 8; at += 1) events.push(blow(fromS + below(1_200)));
    }
    for (let n = times(4); 0 < n; n -= 1) events.push({ atS: moment(), kind: "worker-killed" });
    for (let n = times(3); 0 < n; n -= 1) {
      const service = anyOf(SERVICES_HURT);
      const atS = moment();
      const isRestart = random() < 0.5;
      events.push({ atS, kind: "command", command: isRestart ? "restart" : "stop", service });
      if (isRestart) continue;
      events.push({ atS: atS + 1 + below(7_200), kind: "command", command: "start", service });
    }
  }
  return { seed, durationS, isOthersOnly, events: events.toSorted((a, b) => a.atS - b.atS) };
}
