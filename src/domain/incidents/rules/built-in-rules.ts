/**
 * The built-in rules. docs/alerts.md shows this table, and a test keeps the two equal. Causes that always inhibit a
 * rule are declared here; those that health finds at the moment are added by inhibition.ts.
 */
import type { Severity } from "../notification.ts";
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../../time.ts";
import { type EscalationStep, type AlertRule, ruleFrom } from "./rule.ts";

export const NO_DATA_RULE = "no_data";

type Row = {
  readonly name: string;
  readonly when: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly action: string;
  /** Seconds; default 0. */
  readonly for?: number;
  /** Seconds; default 30. */
  readonly keep?: number;
  /** Default: ops. */
  readonly teams?: readonly string[];
  readonly inhibitedBy?: readonly string[];
  /** Seconds; default 120. */
  readonly noData?: number | null;
};

const KEEP_S = 30;
const NO_DATA_S = 120;
export const RENOTIFY_MS: Readonly<Record<Severity, number | null>> = {
  critical: MS_PER_HOUR,
  warning: 6 * MS_PER_HOUR,
  info: null,
};
/** To all channels that take the severity. */
const CRITICAL_ESCALATION: readonly EscalationStep[] = [
  { afterMs: 15 * MS_PER_MINUTE, teams: [], channels: [] },
];

export function escalationOf(severity: Severity): readonly EscalationStep[] {
  return severity === "critical" ? CRITICAL_ESCALATION : [];
}

const BOTH = ["ops", "trading"];
const TRADING = ["trading"];
const BY_HEART = "the supervisor restarts it, within its budget";
/** The facts of services and feeds come through these. */
const SERVERS = ["hazelcast_down", "health_silent"];
/** Its services end with a worker, health among them. */
const WORKER_CRASH = "worker_crash";
const SCANS = ["mount_hung", "clock_off", ...SERVERS];

const ROWS: readonly Row[] = [
  {
    name: "stale_data",
    when: "feed.scan.age_s > 60",
    severity: "critical",
    teams: BOTH,
    summary: "the newest scan is {feed.scan.age_s} s old",
    action:
      "if the bridge is the cause, it is restarted; entries stop because of the age of the input",
    inhibitedBy: SCANS,
  },
  {
    name: "early_stale",
    when: "feed.scan.age_s > 30",
    severity: "warning",
    teams: BOTH,
    summary: "the newest scan is {feed.scan.age_s} s old",
    action: "none",
    inhibitedBy: ["stale_data", ...SCANS],
    noData: null,
  },
  {
    name: "high_lag",
    when: "service.*.complete_to_hazelcast_ms_p99 > 10000",
    for: 10,
    severity: "warning",
    summary: "{subject}: from file to Hazelcast {service.*.complete_to_hazelcast_ms_p99} ms (p99)",
    action: "logged",
    inhibitedBy: SCANS,
    noData: null,
  },
  {
    name: "process_crash",
    when: "service.*.crashed",
    severity: "critical",
    summary: "{subject} ended by itself: {service.*.end}",
    action: BY_HEART,
    inhibitedBy: [WORKER_CRASH],
    noData: null,
  },
  {
    name: WORKER_CRASH,
    when: "worker_process.*.lost",
    severity: "critical",
    summary: "the worker that keeps {worker_process.*.keeps} ended by itself",
    action: "its services end with it; `up` or systemd starts it again, and it starts them",
    noData: null,
  },
  {
    name: "few_files",
    when: "feed.scan.files_1m < 1 and upstream.alive",
    for: 5,
    severity: "warning",
    summary: "no scan within a minute, although its source is alive",
    action: "none",
    inhibitedBy: ["few_files_5m", "stale_data", ...SCANS],
    noData: null,
  },
  {
    name: "few_files_5m",
    when: "feed.scan.files_5m < 1 and upstream.alive",
    severity: "critical",
    summary: "no scan within five minutes, although its source is alive",
    action: "none",
    inhibitedBy: ["stale_data", ...SCANS],
    noData: null,
  },
  {
    name: "memory",
    when: "service.*.rss_mb > service.*.rss_warn_mb",
    for: 30,
    severity: "warning",
    summary: "{subject} uses {service.*.rss_mb} MB of memory, more than {service.*.rss_warn_mb}",
    action: "beyond its restart limit the supervisor restarts it",
    noData: null,
  },
  {
    name: "cpu",
    when: "service.*.cpu_percent > service.*.cpu_alert_percent",
    for: 60,
    severity: "warning",
    summary:
      "{subject} uses {service.*.cpu_percent} % of a core, more than {service.*.cpu_alert_percent}",
    action: "none",
    noData: null,
  },
  {
    name: "hazelcast_down",
    when: "hazelcast.up == false",
    for: 5,
    severity: "critical",
    teams: BOTH,
    summary: "Hazelcast does not answer",
    action:
      "the watchdog stops entries over the traders' sockets; `up` or `recovery.hazelcast` restarts it",
  },
  {
    name: "temporal_down",
    when: "temporal.up == false",
    for: 10,
    severity: "critical",
    summary: "Temporal does not answer",
    action: "services keep running under their workers; `up` or systemd restarts it",
    inhibitedBy: ["health_silent"],
  },
  {
    name: "worker_down",
    when: "worker.*.up == false",
    for: 15,
    severity: "critical",
    summary: "no worker runs for the layer {subject}",
    action: "`up` or systemd starts it again",
    inhibitedBy: [WORKER_CRASH, "temporal_down", "health_silent"],
  },
  {
    name: "mount_hung",
    when: 'archive.state == "hung" or archive.state == "missing" or archive.state == "error"',
    for: 5,
    severity: "critical",
    summary: "the archive of scans is {archive.state}",
    action: "the bridge continues once it answers",
    inhibitedBy: ["health_silent"],
    // Only the bridge observes it, and the bridge's absence has rules of its own.
    noData: null,
  },
  {
    name: "health_silent",
    when: "health.silent_s > 15",
    severity: "critical",
    summary: "health has said nothing for {health.silent_s} s",
    action: "its supervisor restarts it",
    inhibitedBy: [WORKER_CRASH],
  },
  {
    name: "schedule_skipped",
    when: "schedule.*.skipped > 0",
    severity: "warning",
    summary: "schedule {subject}: {schedule.*.skipped} runs were skipped within a day",
    action: "none",
    inhibitedBy: ["temporal_down"],
    noData: null,
  },
  {
    name: "parity_broken",
    when: "parity.*.broken",
    severity: "critical",
    teams: TRADING,
    summary: "book {subject}: the recorded day {parity.*.day} does not replay as recorded",
    action: "none",
    noData: null,
  },
  {
    name: "drift_unexplained",
    when: "drift.*.unexplained > 0",
    severity: "warning",
    teams: TRADING,
    summary:
      "book {subject}: {drift.*.unexplained} differences from the backtest of {drift.*.day} are unexplained",
    action: "none",
    noData: null,
  },
  {
    name: "limit_latched",
    when: "trader.*.latched > 0",
    severity: "critical",
    teams: TRADING,
    summary:
      "book {subject}: {trader.*.latched} limits are latched ({trader.*.limits}): no entries",
    action: "`dolphin resume`, by a person",
    noData: null,
  },
  {
    name: "safety_stop",
    when: 'posture == "HIBERNATE" or posture.latched',
    severity: "critical",
    teams: BOTH,
    summary: "trading is stopped for safety: posture {posture} (`dolphin safety show` says why)",
    action: "positions are closed; a latched stop needs `dolphin safety resume`, by a person",
    noData: null,
  },
  {
    name: "disk_low",
    when: "disk.*.free_mb < 500 or (disk.*.free_share < 0.05 and disk.*.free_mb < 20000)",
    for: 10,
    keep: 60,
    severity: "critical",
    summary: "the disk of {subject} has {disk.*.free_mb} MB left",
    action: "none: a person has to free some space",
  },
  {
    name: "clock_off",
    when: "clock.off",
    for: 5,
    keep: 60,
    severity: "critical",
    summary: "the clock of this machine is wrong: {clock.why}",
    action: "none: entries stop because of the age of the inputs",
    inhibitedBy: ["health_silent"],
    noData: null,
  },
  {
    name: "burn_fast",
    when: "objective.scan_age.burn_1h > 14.4 and objective.scan_age.burn_5m > 14.4",
    keep: 300,
    severity: "critical",
    teams: BOTH,
    summary:
      "scans younger than 30 s: 2 % of a month's allowance was used up in an hour (rate {objective.scan_age.burn_1h})",
    action: "none",
    inhibitedBy: ["stale_data", "early_stale", ...SCANS],
    noData: null,
  },
  {
    name: "burn_slow",
    when: "objective.scan_age.burn_6h > 6 and objective.scan_age.burn_30m > 6",
    keep: 600,
    severity: "critical",
    teams: BOTH,
    summary:
      "scans younger than 30 s: 5 % of a month's allowance was used up in six hours (rate {objective.scan_age.burn_6h})",
    action: "none",
    inhibitedBy: ["burn_fast", "stale_data", "early_stale", ...SCANS],
    noData: null,
  },
  {
    name: "burn_ticket",
    when: "objective.scan_age.burn_3d > 1 and objective.scan_age.burn_6h > 1",
    keep: 3_600,
    severity: "info",
    teams: BOTH,
    summary:
      "scans younger than 30 s: the allowance of three days is used up (rate {objective.scan_age.burn_3d})",
    action: "a ticket",
    inhibitedBy: ["burn_fast", "burn_slow"],
    noData: null,
  },
  {
    name: "channel_failing",
    when: "channel.*.failing",
    for: 120,
    keep: 10,
    severity: "warning",
    summary: "channel {subject} takes no notifications: they wait or are lost",
    action: "none: `dolphin alerts test CHANNEL` says why, and the other channels are notified",
    noData: null,
  },
  {
    name: NO_DATA_RULE,
    when: "no_data.*",
    keep: 10,
    severity: "warning",
    summary: "the rule {subject} cannot be evaluated: there is no value of {no_data_of.*}",
    action: "none",
    inhibitedBy: ["hazelcast_down", "temporal_down", "worker_down", WORKER_CRASH, "health_silent"],
    noData: null,
  },
  {
    name: "incidents_untracked",
    when: "incidents.untracked > 0",
    severity: "critical",
    summary: "{incidents.untracked} conditions hold beyond the maximum number of incidents",
    action: "none",
    noData: null,
  },
  {
    name: "incidents_lost",
    when: "incidents.lost",
    severity: "warning",
    summary:
      "the database of incidents was damaged and moved aside: what was open may be notified again",
    action: "a new one is created",
    noData: null,
  },
];

export const BUILT_IN_RULES: readonly AlertRule[] = ROWS.map((row) =>
  ruleFrom({
    name: row.name,
    when: row.when,
    forMs: (row.for ?? 0) * MS_PER_SECOND,
    keepMs: (row.keep ?? KEEP_S) * MS_PER_SECOND,
    severity: row.severity,
    teams: row.teams ?? ["ops"],
    channels: [],
    summary: row.summary,
    action: row.action,
    inhibitedBy: row.inhibitedBy ?? [],
    renotifyMs: RENOTIFY_MS[row.severity],
    escalation: escalationOf(row.severity),
    muted: [],
    noDataMs: row.noData === null ? null : (row.noData ?? NO_DATA_S) * MS_PER_SECOND,
  }),
);
