/** The keys in which two configurations differ, and whether recorded health can show the effect of each. */
import { isRecord } from "../../domain/json-record.ts";
import type { Configuration } from "../configuration.ts";
import { isSecretKey, REDACTED } from "../redaction.ts";

export type DifferingKey = {
  readonly key: string;
  /** Undefined: the key is absent. */
  readonly now: unknown;
  readonly next: unknown;
  readonly judged: "yes" | "in part" | "no";
  /** Empty where the section is judged as a whole. */
  readonly why: string;
};

type Judgement = Pick<DifferingKey, "judged" | "why">;
const WHOLE: Judgement = { judged: "yes", why: "" };
const BY_SUPERVISORS: Judgement = {
  judged: "in part",
  why: "of metaHealth; what supervisors restart by themselves is not decided by these records",
};
const COMMAND: Judgement = {
  judged: "in part",
  why: "whether there is a command, not what it does",
};
const JUDGED: Readonly<Record<string, Judgement>> = {
  "recovery.mode": WHOLE,
  "recovery.grace_s": WHOLE,
  "recovery.cool_down_s": WHOLE,
  "recovery.hazelcast": COMMAND,
  "recovery.temporal": COMMAND,
  "supervision.restarts_max": BY_SUPERVISORS,
  "supervision.window_s": BY_SUPERVISORS,
};
const POSTURE_KEY = "safety.posture";
const NO_RECORD: Judgement = { judged: "no", why: "recorded health does not contain it" };

export function differingKeys(now: Configuration, next: Configuration): readonly DifferingKey[] {
  return partsOf(now, next, "").map((part) => ({ ...part, ...judgementOf(part) }));
}

type Part = Pick<DifferingKey, "key" | "now" | "next">;

function partsOf(now: unknown, next: unknown, key: string): readonly Part[] {
  if (isRecord(now) && isRecord(next)) {
    const names = new Set([...Object.keys(now), ...Object.keys(next)]);
    return [...names].flatMap((name) =>
      partsOf(now[name], next[name], key === "" ? name : `${key}.${name}`),
    );
  }
  if (JSON.stringify(now) === JSON.stringify(next)) return [];
  const isSecret = isSecretKey(key);
  return [{ key, now: isSecret ? REDACTED : now, next: isSecret ? REDACTED : next }];
}

function judgementOf({ key, now, next }: Part): Judgement {
  if (key !== POSTURE_KEY) return JUDGED[key] ?? NO_RECORD;
  if (next === null) {
    return { judged: "in part", why: "whose feed is watched, not what the trader does without it" };
  }
  const why =
    now === null ? "its feed was not recorded" : "recorded health does not contain the posture";
  return { judged: "no", why };
}
