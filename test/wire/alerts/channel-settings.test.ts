import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config.ts";

const load = (alerts: unknown) =>
  loadConfig({ cwd: "/nowhere", env: { DOLPHIN_ALERTS_CHANNELS: JSON.stringify(alerts) } }).config
    .alerts;

describe("channels in the configuration", () => {
  it("are those of the contract", () => {
    const { channels } = load({
      "ops-hook": { kind: "webhook", url_env: "OPS_HOOK_URL", teams: ["ops", "trading"] },
      pager: { kind: "pagerduty", routing_key_file: "/etc/dolphin/pager.key" },
    });
    expect(channels["ops-hook"]).toMatchObject({ severity_min: "warning" });
    expect(channels["pager"]).toMatchObject({
      severity_min: "critical",
      url: "https://events.pagerduty.com/v2/enqueue",
    });
  });

  it.each([
    ["no secret", { kind: "slack" }, /needs either url_env or url_file/],
    ["two secrets", { kind: "slack", url_env: "A", url_file: "/a" }, /needs either/],
    ["a secret in its place", { kind: "slack", url: "https://hooks.example/x" }, /unknown key/],
    ["a relative file", { kind: "slack", url_file: "a" }, /absolute path/],
    ["a variable of settings", { kind: "slack", url_env: "DOLPHIN_URL" }, /begin with DOLPHIN_/],
    ["an unknown kind", { kind: "fax" }, /kind/],
    [
      "a URL for the name of its variable",
      { kind: "webhook", url_env: "https://x.example/hunter2" },
      /must be the name of an environment variable/,
    ],
    [
      "a key for the name of its variable",
      { kind: "pagerduty", routing_key_env: "hunter2c04764012d7bfb002500d5d1a6" },
      /looks like the secret itself/,
    ],
    [
      "a token for a number",
      { kind: "telegram", token_env: "A", chat_id: "71:hunter2" },
      /expected number/,
    ],
    [
      "a password in a URL",
      { kind: "pagerduty", routing_key_env: "A", url: "https://u:hunter2@x.example/" },
      /must not contain a user or password/,
    ],
  ])("are refused with %s, and the secret is not repeated", (_, channel, message) => {
    const failure = failureOf(() => load({ hook: channel }));
    expect(failure).toMatch(message);
    expect(failure).not.toMatch(/hunter2|hooks\.example/);
  });

  it("are what they were when the configuration was written for a child and read again", () => {
    const alerts = load({
      mail: { kind: "email", host: "127.0.0.1", from: "a@b.example", to: ["c@d.example"] },
    });
    expect(load(alerts.channels)).toEqual(alerts);
  });
});

function failureOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String(error);
  }
  throw new Error("it was taken");
}
