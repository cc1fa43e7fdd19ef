import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BUILT_IN_RULES } from "../../../src/domain/incidents/rules/built-in-rules.ts";
import { alertSettings } from "../../../src/wire/alerts/channel-settings.ts";
import { alertRules, rulesFrom } from "../../../src/wire/alerts/rule-settings.ts";

const FEW = { when: "service.scan-bridge.assets < 40", for_s: 30, teams: ["trading"] };

function problemWith(rules: unknown): string {
  const parsed = alertRules.safeParse(rules);
  return parsed.success ? "none" : parsed.error.issues.map(({ message }) => message).join();
}

test("is added to the built-in ones", () => {
  const rules = rulesFrom(alertRules.parse({ "few-assets": FEW }));
  expect(rules).toHaveLength(BUILT_IN_RULES.length + 1);
  expect(rules.at(-1)).toMatchObject({
    name: "few-assets",
    forMs: 30_000,
    severity: "warning",
    teams: ["trading"],
    summary: "few-assets: service.scan-bridge.assets < 40 ({subject})",
  });
});

test("changes a built-in one, or turns it off", () => {
  const rules = rulesFrom(
    alertRules.parse({
      cpu: { enabled: false },
      stale_data: {
        for_s: 10,
        renotify_s: null,
        mute: ["22:00-06:30"],
        escalate: [{ after_s: 60 }],
      },
    }),
  );
  expect(rules.map(({ name }) => name)).not.toContain("cpu");
  expect(rules.find(({ name }) => name === "stale_data")).toMatchObject({
    when: "feed.scan.age_s > 60",
    forMs: 10_000,
    severity: "critical",
    renotifyMs: null,
    muted: [{ fromMinute: 1_320, untilMinute: 390 }],
    escalation: [{ afterMs: 60_000, teams: [], channels: [] }],
  });
});

describe("is refused", () => {
  test.each([
    [{ few: { when: "a.b <> 3" } }, "rule 'few': when: position 6: a number"],
    [{ few: { when: "a.b > 3 and" } }, "rule 'few': when: position 12: the name of a fact"],
    [{ few: { when: "a.*.b.* > 3" } }, "one whole segment may be '*'"],
    [{ few: { when: "a.x*.b > 3" } }, "one whole segment may be '*'"],
    [{ few: { for_s: 3 } }, "rule 'few': 'when' is missing"],
    [{ few: { ...FEW, inhibited_by: ["nonsense"] } }, "inhibited_by names no rule: 'nonsense'"],
    [
      { a: { ...FEW, inhibited_by: ["b"] }, b: { ...FEW, inhibited_by: ["a"] } },
      "rules excuse each other: a <- b <- a",
    ],
    [{ hazelcast_down: { inhibited_by: ["stale_data"] } }, "rules excuse each other"],
    [{ few: { ...FEW, mute: ["22-6"] } }, "must be like '22:00-06:00'"],
    [{ few: { ...FEW, mute: ["22:00-22:00"] } }, "mutes no time"],
    [{ "stale-data": { enabled: false } }, "the built-in rule is 'stale_data'"],
    [{ few: { ...FEW, nonsense: 1 } }, "nonsense"],
  ])("%j: %s", (rules, says) => {
    expect(problemWith(rules)).toContain(says);
  });
});

const CHANNELS = { hook: { kind: "webhook", url_env: "A", teams: ["ops"] } };

describe("the recipients of a rule", () => {
  test.each([
    [{ few: { ...FEW, teams: ["ops", "trading"] } }, CHANNELS, null],
    [{ few: FEW }, {}, null],
    [{ few: FEW }, { ...CHANNELS, all: { ...CHANNELS.hook, teams: [] } }, null],
    [{ few: FEW }, CHANNELS, "rule 'few' notifies nobody: no channel is for trading"],
    [{ few: { ...FEW, enabled: false } }, CHANNELS, null],
    [
      { cpu: { channels: ["hok"] } },
      CHANNELS,
      "rule 'cpu' names a channel that is not configured: 'hok' (configured: hook)",
    ],
    [
      { cpu: { escalate: [{ after_s: 60, channels: ["pager"] }] } },
      {},
      "'pager' (configured: none)",
    ],
    [{ cpu: { escalate: [{ after_s: 60, teams: ["boss"] }] } }, CHANNELS, "no channel is for boss"],
  ])("%j with %j: %s", (rules, channels, says) => {
    const parsed = alertSettings.safeParse({ channels, rules });
    const issues = parsed.success ? [] : parsed.error.issues;
    expect(issues.map(({ message }) => message).join()).toContain(says ?? "");
    expect(issues).toHaveLength(says === null ? 0 : 1);
  });

  test("is escalated in order of time, however it is written", () => {
    const escalate = [{ after_s: 600 }, { after_s: 60 }];
    const rules = rulesFrom(alertRules.parse({ few: { ...FEW, escalate } }));
    expect(rules.at(-1)!.escalation.map(({ afterMs }) => afterMs)).toEqual([60_000, 600_000]);
  });
});

test("docs/alerts.md has the built-in ones as they are", () => {
  const text = readFileSync(new URL("../../../docs/alerts.md", import.meta.url), "utf8");
  const rows = BUILT_IN_RULES.map(
    ({ name, when, severity, teams, forMs, keepMs, action, inhibitedBy }) =>
      [
        "",
        `\`${name}\``,
        `\`${when}\``,
        forMs / 1_000,
        keepMs / 1_000,
        severity,
        teams.join(", "),
        inhibitedBy.join(", ") || "-",
        action,
        "",
      ]
        .join(" | ")
        .trim(),
  );
  expect(rows.filter((row) => !text.includes(row))).toEqual([]);
});
