/** The outside heartbeat stops when nobody can be notified of incidents: only the service outside can report that. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { POSTURE_RULES } from "../../../src/domain/safety/posture-rules.ts";
import { openDuties } from "../../../src/services/watchdog/open-duties.ts";
import { BUILT_IN_RULES } from "../../../src/domain/incidents/rules/built-in-rules.ts";
import type { AlertRule } from "../../../src/domain/incidents/rules/rule.ts";
import type { WatchdogSettings } from "../../../src/wire/safety/watchdog-settings.ts";
import { channelAt } from "../../helpers/alerts/channels.ts";
import { HOOK, ruleOf } from "../../helpers/incidents/watching.ts";
import { until } from "../../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

function opened(folder: string, hasChannel: boolean, rules: readonly AlertRule[] = []) {
  const { settings: hook } = channelAt("webhook", "http://127.0.0.1:1");
  const settings: WatchdogSettings = {
    version: 1,
    data_dir: folder,
    hazelcast: { address: "127.0.0.1:1", cluster: "none", prefix: null },
    book: "BLUE",
    trader: { service: "trader-blue", isWanted: false },
    isHealthWanted: false,
    initial: "TURTLE",
    rules: POSTURE_RULES,
    heartbeat: { url: { env: "NOWHERE_AT_ALL" }, everyMs: 1 },
    alerts: {
      rules,
      channels: hasChannel ? [HOOK] : [],
      reach: hasChannel ? { hook } : {},
      books: [],
    },
  };
  const loop = { facts: () => ({ "x.on": true }), ailment: () => null };
  const { duties } = openDuties({ settings, loop, say: () => undefined });
  const duty = (name: string) => {
    const found = duties.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  onTestFinished(async () => {
    for (const one of duties) await one.close();
  });
  return {
    duty,
    beat: async () => {
      await duty("heartbeat").act();
      return duty("heartbeat").standing();
    },
  };
}

function emptyFolder(): string {
  const dir = makeTemporaryDirectory("open-duties");
  onTestFinished(() => removeTemporaryDirectory(dir));
  return dir;
}

test("a watchdog that cannot write incidents down withholds its beat", async () => {
  const file = join(emptyFolder(), "no-folder");
  writeFileSync(file, "");
  expect(await opened(file, false).beat()).toMatch(/^withheld: incidents cannot be written: /);
});

test("one whose delivery is gone withholds it as well, and no other", async () => {
  const { duty, beat } = opened(emptyFolder(), true);
  expect(await beat()).toMatch(/^not sent: /);
  await duty("delivery").close();
  const said: string[] = [];
  await until(
    async () => {
      said.push(await beat());
      return said.at(-1) === "withheld: alerts are not delivered";
    },
    { ms: 60_000, tell: () => said.slice(-3).join("\n") },
  );
});

test("a channel that accepts nothing is an incident of its own, notified to the others", async () => {
  const own = BUILT_IN_RULES.filter(({ name }) => name === "channel_failing");
  const rules = [ruleOf({ name: "on", when: "x.on" }), ...own.map((one) => ({ ...one, forMs: 0 }))];
  const { duty } = opened(emptyFolder(), true, rules);
  const incidents = duty("incidents");
  await until(
    () => {
      void incidents.act();
      return incidents.standing() === "2 incidents";
    },
    { ms: 60_000, tell: () => incidents.standing() },
  );
  const asked = await incidents.answers?.["incidents"]?.({ command: "incidents", id: "x" });
  expect(JSON.stringify(asked?.data)).toContain("channel hook takes no notifications");
});
