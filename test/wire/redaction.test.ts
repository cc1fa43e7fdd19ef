import { describe, expect, it } from "vitest";
import { hideSecrets, redactText } from "../../src/wire/redaction.ts";

describe("redactText", () => {
  it.each([
    [
      "a webhook of Slack",
      "cannot parse https://hooks.slack.com/services/T0/B0/canary",
      "cannot parse https://hooks.slack.com/[redacted]",
    ],
    [
      "a webhook of Discord",
      "POST https://discord.com/api/v10/webhooks/12/canary?wait=true failed",
      "POST https://discord.com/api/v10/webhooks/[redacted] failed",
    ],
    [
      "the token of a Telegram bot",
      "https://api.telegram.org/bot12345:canary-x_y/sendMessage",
      "https://api.telegram.org/bot[redacted]/sendMessage",
    ],
    [
      "a heartbeat",
      "https://hc-ping.com/canary: ENOTFOUND",
      "https://hc-ping.com/[redacted] ENOTFOUND",
    ],
    ["a password", "postgres://dolphin:canary@db/x", "postgres://[redacted]@db/x"],
    [
      "a parameter",
      "http://x/y?a=1&access_token=canary#z",
      "http://x/y?a=1&access_token=[redacted]#z",
    ],
    ["a header", '{"authorization":"Bearer canary.x"}', '{"authorization":"Bearer [redacted]"}'],
    ["a bot of Slack", "token xoxb-1-canary is wrong", "token xoxb-[redacted] is wrong"],
    [
      "nothing",
      "service scan-bridge at http://127.0.0.1:8080/x?y=1",
      "service scan-bridge at http://127.0.0.1:8080/x?y=1",
    ],
  ])("hides %s", (_, text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it("leaves a line of JSON one", () => {
    const line = JSON.stringify({ msg: 'fetch "https://hooks.slack.com/services/canary"\nfailed' });
    expect(JSON.parse(redactText(line))).toEqual({
      msg: 'fetch "https://hooks.slack.com/[redacted]"\nfailed',
    });
  });
});

describe("hideSecrets", () => {
  it("hides these very secrets, also within a URL", () => {
    expect(hideSecrets("a can ary/1, a can%20ary/1 and can%20ary%2F1", ["can ary/1"])).toBe(
      "a [redacted], a [redacted] and [redacted]",
    );
  });
});
