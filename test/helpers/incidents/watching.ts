/** An incident engine controlled by a test: its facts, its clock, and all its notifications so far. */
import { acknowledge, mute, unmute } from "../../../src/domain/incidents/commands.ts";
import type { Setup, Stepped } from "../../../src/domain/incidents/draft.ts";
import type { Facts, FactTable } from "../../../src/domain/incidents/facts.ts";
import {
  type EngineState,
  initialEngine,
  restarted,
} from "../../../src/domain/incidents/incident.ts";
import type { Notification } from "../../../src/domain/incidents/notification.ts";
import { BUILT_IN_RULES } from "../../../src/domain/incidents/rules/built-in-rules.ts";
import {
  type AlertRule,
  ruleFrom,
  type RuleText,
} from "../../../src/domain/incidents/rules/rule.ts";
import { step } from "../../../src/domain/incidents/step.ts";

export const BEGIN_MS = 1_774_433_700_000;
export const HOOK = { name: "hook", teams: [], severityMin: "info" } as const;

/** All is well. */
export const WELL: FactTable = {
  "feed.scan.age_s": 2,
  "hazelcast.up": true,
  "temporal.up": true,
  "archive.state": "ok",
  "health.silent_s": 3,
  "disk.data.free_share": 0.5,
  "disk.data.free_mb": 90_000,
  "clock.off": false,
  "service.scan-bridge.crashed": false,
};

export function ruleOf(changes: Partial<RuleText> & Pick<RuleText, "name" | "when">): AlertRule {
  return ruleFrom({
    forMs: 0,
    keepMs: 30_000,
    severity: "warning",
    teams: [],
    channels: [],
    summary: `${changes.name} of {subject}`,
    action: "none",
    inhibitedBy: [],
    renotifyMs: null,
    escalation: [],
    muted: [],
    noDataMs: null,
    ...changes,
  });
}

export function watching(given: Partial<Setup> & { readonly facts?: FactTable } = {}) {
  const setup: Setup = {
    rules: given.rules ?? BUILT_IN_RULES,
    channels: given.channels ?? [HOOK],
  };
  let state: EngineState = initialEngine();
  let nowMs = BEGIN_MS;
  let requests = 0;
  let facts: Facts = { values: given.facts ?? WELL, roots: [], symptoms: [] };
  const notified: Notification[] = [];
  const take = (stepped: Stepped | null): void => {
    if (stepped === null) return;
    state = stepped.state;
    notified.push(...stepped.notifications);
  };
  const poll = () => take(step(state, { facts, nowMs }, setup));
  return {
    notified,
    state: () => state,
    nowMs: () => nowMs,
    open: () => Object.values(state.incidents),
    /** Added to the known facts from now on. */
    set(values: FactTable, more: Partial<Facts> = {}) {
      facts = { ...facts, ...more, values: { ...facts.values, ...values } };
    },
    /** Only these from now on. */
    only(values: FactTable) {
      facts = { ...facts, values };
    },
    /** So many seconds pass, with a look at each. */
    pass(seconds: number) {
      for (let second = 0; second < seconds; second += 1) {
        nowMs += 1_000;
        poll();
      }
    },
    /** The machine's clock goes, and then there is one look. */
    jump(ms: number) {
      nowMs += ms;
      poll();
    },
    /** What is stored outlives a process as text. */
    restart: () => (state = restarted(JSON.parse(JSON.stringify(state)))),
    acknowledge(incident: string) {
      const answer = acknowledge(state, { incident, by: "ana", via: "cli", atMs: nowMs }, setup);
      take(answer.stepped);
      return answer;
    },
    /** Of a rule, or `rule/subject`. The same request again is one that had no answer. */
    mute(of: string, forMs: number, request = `${(requests += 1)}`) {
      const [rule = "", subject = null] = of.split("/");
      const about = { rule, subject, by: "ana", reason: "known", forMs, atMs: nowMs };
      const answer = mute(state, { ...about, request }, setup);
      take(answer.stepped);
      return answer;
    },
    unmute(id: string, request = `${(requests += 1)}`) {
      const answer = unmute(state, { id, atMs: nowMs, request }, setup);
      take(answer.stepped);
      return answer;
    },
    shown: () =>
      notified.map(({ kind, rule, subject, channel, atMs }) =>
        [Math.round((atMs - BEGIN_MS) / 1_000), kind, `${rule}/${subject}`, channel].join(" "),
      ),
  };
}
