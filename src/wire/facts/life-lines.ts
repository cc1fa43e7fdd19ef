/**
 * The lines about services' lives in a worker's log. The keeper of the services writes them; `dolphin why
 * restart` reads them while Temporal, which has the full records, is away.
 */

export type LifeLine =
  | { readonly kind: "began"; readonly service: string; readonly life: number }
  | {
      readonly kind: "ended";
      readonly service: string;
      readonly life: number;
      readonly why: string;
    }
  | { readonly kind: "restarted_here"; readonly service: string };

const RESTARTED_HERE = "Temporal is away; restarted here by the policy";
/** The worker's log puts the speaker before each line. */
const LINE =
  /^(?:\[[A-Za-z]+\] )?([a-z-]+): (?:life (\d+) (is pid|ended: )(.*)|(Temporal is away; restarted here.*))$/s;

export function beganLine(service: string, life: number, rest: string): string {
  return `${service}: life ${life} is pid ${rest}`;
}

export function endedLine(service: string, life: number, why: string): string {
  return `${service}: life ${life} ended: ${why}`;
}

export function restartedHereLine(service: string): string {
  return `${service}: ${RESTARTED_HERE}`;
}

/** Null for any other line. */
export function readLifeLine(message: string): LifeLine | null {
  const [, service, life, what, rest = "", restarted] = LINE.exec(message) ?? [];
  if (service === undefined) return null;
  if (restarted !== undefined) return { kind: "restarted_here", service };
  const number = Number(life);
  if (what === "is pid") return { kind: "began", service, life: number };
  return { kind: "ended", service, life: number, why: rest };
}
