/**
 * The operator's own rules in the section `alerts` of the configuration, by name, and his changes to built-in
 * ones. A condition that cannot be parsed is refused with the rule's name and the position of the fault.
 */
import { z } from "zod";
import { messageOf } from "../../domain/failure.ts";
import { SEVERITIES } from "../../domain/incidents/notification.ts";
import {
  BUILT_IN_RULES,
  escalationOf,
  RENOTIFY_MS,
} from "../../domain/incidents/rules/built-in-rules.ts";
import { factNamesIn, parseExpression } from "../../domain/incidents/rules/expression.ts";
import { checkInhibition, type AlertRule, ruleFrom } from "../../domain/incidents/rules/rule.ts";
import { waysOf } from "../../domain/incidents/rules/ways.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";

const named = z.string().min(1).max(40);
const seconds = z.number().min(0).max(604_800);
const RULES_MAX = 100;
const MUTE = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

const rule = z.strictObject({
  /**
   * Facts, operators and values, such as `service.scan-bridge.assets < 40`. A built-in rule has its condition
   * already.
   */
  when: z.string().min(1).max(500).optional(),
  /** False switches a built-in rule off. */
  enabled: z.boolean().optional(),
  /** Seconds for which the condition must hold before the rule fires. */
  for_s: seconds.optional(),
  /** Seconds for which the condition must be false before the incident is resolved. */
  keep_s: seconds.optional(),
  severity: z.enum(SEVERITIES).optional(),
  teams: z.array(named).max(20).optional(),
  /** Channels to notify; empty: chosen by team and severity. */
  channels: z.array(named).max(32).optional(),
  summary: z.string().min(1).max(300).optional(),
  /** Rules whose open incidents inhibit this one; with `@same` only an incident of the same subject does. */
  inhibited_by: z.array(z.string().min(1).max(60)).max(20).optional(),
  /** Seconds between reminders; null: notify once. */
  renotify_s: seconds.min(900).nullable().optional(),
  /** Seconds without an acknowledgement after which the incident is escalated. */
  escalate: z
    .array(
      z.strictObject({
        after_s: seconds.min(30),
        teams: z.array(named).max(20).default([]),
        channels: z.array(named).max(32).default([]),
      }),
    )
    .max(10)
    .optional(),
  /** Times of the UTC day, such as `22:00-06:00`. */
  mute: z
    .array(
      z
        .string()
        .regex(MUTE, "must be like '22:00-06:00'")
        .refine(
          (text) => text.slice(0, 5) !== text.slice(6),
          "mutes no time: it ends as it begins",
        ),
    )
    .max(10)
    .optional(),
  /** Seconds without data after which the incident says so; null: never. */
  no_data_s: seconds.nullable().optional(),
});
type RuleSettings = z.infer<typeof rule>;

export const alertRules = z
  .record(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, "must be lower-case letters, digits, '-' and '_'"),
    rule,
  )
  .superRefine((rules, context) => {
    try {
      rulesFrom(rules);
    } catch (error) {
      context.addIssue(messageOf(error));
    }
  });

/** What excuses a rule of one's own: what its facts come through, and nothing else. */
function ownCauses(when: string): readonly string[] {
  const names = factNamesIn(parseExpression(when));
  const { causes, layers } = waysOf(names);
  const isOfServices = names.some((name) => name.startsWith("service."));
  return [
    ...causes,
    ...(layers.length === 0 ? [] : ["worker_down"]),
    ...(isOfServices ? ["process_crash@same"] : []),
  ];
}

/**
 * What is wrong with the recipients of a rule, in a sentence; null: nothing. Without any channel nobody is notified.
 * @param channels those that are configured
 */
export function problemOfAudience(
  name: string,
  { enabled, teams = [], channels: wanted = [], escalate = [] }: RuleSettings,
  channels: Readonly<Record<string, { readonly teams: readonly string[] }>>,
): string | null {
  if (enabled === false) return null;
  const there = Object.keys(channels);
  for (const step of [{ teams, channels: wanted }, ...escalate]) {
    const unknown = step.channels.find((one) => !there.includes(one));
    if (unknown !== undefined) {
      return `rule '${name}' names a channel that is not configured: '${unknown}' (configured: ${there.join(", ") || "none"})`;
    }
    const isForOne = Object.values(channels).some(
      (one) => one.teams.length === 0 || one.teams.some((team) => step.teams.includes(team)),
    );
    if (step.channels.length === 0 && 0 < step.teams.length && 0 < there.length && !isForOne) {
      return `rule '${name}' notifies nobody: no channel is for ${step.teams.join(" or ")}`;
    }
  }
  return null;
}

const OWN_NO_DATA_S = 120;

/** The built-in rules with the operator's changes, and his own. @throws {Error} that names the rule. */
export function rulesFrom(settings: Readonly<Record<string, RuleSettings>>): readonly AlertRule[] {
  const own = Object.entries(settings);
  if (RULES_MAX < own.length) throw new Error(`more than ${RULES_MAX} rules`);
  for (const [name, { when }] of own) {
    // Also of a rule that is switched off: it may be meant for a built-in one of another name.
    if (when === undefined && !isBuiltIn(name)) throw new Error(withoutWhen(name));
  }
  const builtIn = BUILT_IN_RULES.flatMap((one) => {
    const wanted = settings[one.name];
    if (wanted === undefined) return [one];
    return wanted.enabled === false ? [] : [changed(one, wanted)];
  });
  const added = own
    .filter(([name, { enabled }]) => !isBuiltIn(name) && enabled !== false)
    .map(([name, wanted]) => ownRule(name, wanted));
  const kept = [...builtIn, ...added];
  const known = new Set([...BUILT_IN_RULES, ...kept].map(({ name }) => name));
  checkInhibition(kept, known);
  return kept;
}

function isBuiltIn(name: string): boolean {
  return BUILT_IN_RULES.some((one) => one.name === name);
}

function withoutWhen(name: string): string {
  const meant = name.replaceAll("-", "_");
  const hint = isBuiltIn(meant) ? `; the built-in rule is '${meant}'` : "";
  return `rule '${name}': 'when' is missing: the condition, such as 'feed.scan.age_s > 60'${hint}`;
}

function ownRule(name: string, wanted: RuleSettings): AlertRule {
  if (wanted.when === undefined) throw new Error(withoutWhen(name));
  const severity = wanted.severity ?? "warning";
  const { when } = wanted;
  const base = ruleFrom({
    name,
    when,
    forMs: 0,
    keepMs: 60 * MS_PER_SECOND,
    severity,
    teams: [],
    channels: [],
    summary: `${name}: ${when} ({subject})`.replaceAll(/[{}](?!subject|\))/g, ""),
    action: "none",
    inhibitedBy: [],
    renotifyMs: RENOTIFY_MS[severity],
    escalation: escalationOf(severity),
    muted: [],
    noDataMs: OWN_NO_DATA_S * MS_PER_SECOND,
  });
  return changed({ ...base, inhibitedBy: ownCauses(when) }, wanted);
}

function changed(base: AlertRule, wanted: RuleSettings): AlertRule {
  return ruleFrom({
    ...base,
    when: wanted.when ?? base.when,
    forMs: ms(wanted.for_s, base.forMs),
    keepMs: ms(wanted.keep_s, base.keepMs),
    severity: wanted.severity ?? base.severity,
    teams: wanted.teams ?? base.teams,
    channels: wanted.channels ?? base.channels,
    summary: wanted.summary ?? base.summary,
    inhibitedBy: wanted.inhibited_by ?? base.inhibitedBy,
    renotifyMs: orNever(wanted.renotify_s, base.renotifyMs),
    escalation:
      wanted.escalate
        ?.map(({ after_s, teams, channels }) => ({
          afterMs: after_s * MS_PER_SECOND,
          teams,
          channels,
        }))
        // One step is taken after the other.
        .toSorted((a, b) => a.afterMs - b.afterMs) ?? base.escalation,
    muted: wanted.mute?.map(windowOf) ?? base.muted,
    noDataMs: orNever(wanted.no_data_s, base.noDataMs),
  });
}

function ms(givenS: number | undefined, otherwise: number): number {
  return givenS === undefined ? otherwise : givenS * MS_PER_SECOND;
}

function orNever(givenS: number | null | undefined, otherwise: number | null): number | null {
  return givenS === null ? null : givenS === undefined ? otherwise : givenS * MS_PER_SECOND;
}

function windowOf(text: string) {
  const [from = 0, fromMinute = 0, until = 0, untilMinute = 0] =
    MUTE.exec(text)?.slice(1).map(Number) ?? [];
  return { fromMinute: from * 60 + fromMinute, untilMinute: until * 60 + untilMinute };
}
