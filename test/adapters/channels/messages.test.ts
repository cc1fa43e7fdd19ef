import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hearButtons } from "../../../src/adapters/channels/telegram/pressed-buttons.ts";
import { openChannel } from "../../../src/adapters/channels/open-channel.ts";
import { openAttempt } from "../../../src/adapters/channels/outside/outside.ts";
import { handleOf } from "../../../src/adapters/incident-store/notifications.ts";
import { acceptance, channelAt, FIRE, openAt, RESOLVE } from "../../helpers/alerts/channels.ts";
import { answering, ok, openOtherSide, type OtherSide } from "../../helpers/alerts/other-side.ts";

let other: OtherSide;
beforeEach(async () => {
  other = await openOtherSide();
});
afterEach(() => other.close());

const RENOTIFY = { ...FIRE, number: 2, kind: "renotify" } as const;
const LONG = { ...FIRE, summary: "x<!channel>".repeat(2_000), subject: "s".repeat(400) };
const bodies = () => other.heard.map(({ body }) => JSON.parse(body));

describe("a generic webhook", () => {
  it("has the fields of the contract", async () => {
    await openAt("webhook", other.url).send(FIRE);
    expect(bodies()[0]).toEqual({
      incident: FIRE.incident,
      number: 1,
      kind: "fire",
      rule: "stale_data",
      subject: "scan_bridge",
      severity: "critical",
      state: "firing",
      summary: "no scan for 61 s",
      cause: null,
      started_at: "2026-03-25T10:30:00.000000+00:00",
      at: "2026-03-25T10:31:00.000000+00:00",
      teams: ["ops"],
      labels: { book: "BLUE" },
    });
  });
});

describe("Slack", () => {
  it("calls nobody, and is cut where Slack ends", async () => {
    await openAt("slack", other.url).send(LONG);
    const { text } = bodies()[0];
    expect(text).not.toContain("<!channel>");
    expect(text.length).toBeLessThanOrEqual(3_500);
    expect(text).toMatch(/ … \[cut\]$/);
  });

  it("keeps one message of a bot up to date, and replies to it where that must be noticed", async () => {
    const bot = openAt("slack-bot", other.url);
    other.answer(acceptance("slack-bot"));
    const answer = await bot.send(FIRE);
    expect(answer).toMatchObject({ kind: "accepted", reference: "7.1" });
    expect(await bot.send(RENOTIFY, "7.1")).toMatchObject({ reference: "7.1" });
    await bot.send(RESOLVE, "7.1");
    expect(other.heard.map(({ path }) => path)).toEqual([
      "/chat.postMessage",
      "/chat.postMessage",
      "/chat.update",
    ]);
    expect(bodies()[1]).toMatchObject({ thread_ts: "7.1", reply_broadcast: true });
    expect(bodies()[2]).toMatchObject({ ts: "7.1", channel: "C1" });
  });

  it("makes another message where the first is gone", async () => {
    other.answer(ok('{"ok":false,"error":"message_not_found"}'), ok('{"ok":true,"ts":"8.1"}'));
    const answer = await openAt("slack-bot", other.url).send(RESOLVE, "7.1");
    expect(answer).toMatchObject({ kind: "accepted", reference: "8.1" });
    expect(bodies()[1]).not.toHaveProperty("thread_ts");
  });

  it.each([
    ["ratelimited", "failed"],
    ["invalid_auth", "refused"],
  ])("answers 200 to a bot also where it says %s", async (error, kind) => {
    other.answer(ok(JSON.stringify({ ok: false, error })));
    expect(await openAt("slack-bot", other.url).send(FIRE)).toMatchObject({ kind });
  });
});

describe("Discord", () => {
  it("calls nobody, waits, and is cut where Discord ends", async () => {
    other.answer(acceptance("discord"));
    await openAt("discord", other.url).send(LONG);
    expect(other.heard[0]?.path).toMatch(/\?wait=true$/);
    expect(bodies()[0].allowed_mentions).toEqual({ parse: [] });
    expect(bodies()[0].content.length).toBeLessThanOrEqual(2_000);
  });

  it.each([
    ["seconds with a fraction", { retry_after: 64.57 }, "65", 64_570],
    ["milliseconds", { retry_after: 64_570 }, "65", 65_000],
    ["nothing", {}, "3", 3_000],
  ])("asks for %s in its answer", async (_, body, header, afterMs) => {
    const headers = { "retry-after": header };
    other.answer(answering(429, { headers, body: JSON.stringify(body) }));
    expect(await openAt("discord", other.url).send(FIRE)).toMatchObject({
      kind: "failed",
      afterMs,
    });
  });
});

describe("PagerDuty", () => {
  it("opens, acknowledges and closes by the incident's id", async () => {
    const pager = openAt("pagerduty", other.url);
    await pager.send(LONG);
    await pager.send(RENOTIFY);
    await pager.send({ ...FIRE, kind: "acknowledge", state: "acknowledged" });
    await pager.send(RESOLVE);
    expect(bodies().map((body) => [body.event_action, body.dedup_key])).toEqual([
      ["trigger", FIRE.incident],
      ["trigger", FIRE.incident],
      ["acknowledge", FIRE.incident],
      ["resolve", FIRE.incident],
    ]);
    expect(bodies()[0].payload.summary.length).toBeLessThanOrEqual(1_024);
    expect(bodies()[0].payload.severity).toBe("critical");
  });

  it("has one key for an id that is too long", async () => {
    const pager = openAt("pagerduty", other.url);
    const incident = "i".repeat(400);
    await pager.send({ ...FIRE, incident });
    await pager.send({ ...RESOLVE, incident });
    await pager.send({ ...FIRE, incident: `${incident}2` });
    const [fired, resolved, another] = bodies().map(({ dedup_key }) => dedup_key);
    expect(fired.length).toBeLessThanOrEqual(255);
    expect(resolved).toBe(fired);
    expect(another).not.toBe(fired);
  });
});

describe("ntfy", () => {
  it("publishes to the topic of its URL", async () => {
    await openAt("ntfy", `${other.url}/base`).send({ ...LONG, summary: "é".repeat(9_000) });
    expect(other.heard[0]?.path).toBe("/base/");
    expect(bodies()[0]).toMatchObject({ priority: 5, tags: ["firing"] });
    expect(Buffer.byteLength(bodies()[0].message)).toBeLessThanOrEqual(4_096);
  });

  it("repeats no topic, however short, that the server repeats", async () => {
    const { settings, env } = channelAt("ntfy", other.url);
    other.answer(ok('{"id":"x","event":"message","topic":"mine"}'));
    const channel = openChannel(settings, { env: { ...env, A: `${other.url}/mine` } });
    const message = { notification: FIRE, reference: null };
    expect(await channel.send(message, new AbortController().signal)).toEqual({
      kind: "accepted",
      says: "it answered 200",
      reference: null,
    });
  });
});

const press = (update_id: number, chat: number, user: number) => ({
  update_id,
  callback_query: {
    id: String(update_id),
    from: { id: user, username: "anna" },
    message: { chat: { id: chat } },
    data: `ack:${handleOf(FIRE.incident)}`,
  },
});

describe("Telegram", () => {
  it("has a button that names the incident, and loses it when that is over", async () => {
    other.answer(acceptance("telegram"));
    const bot = openAt("telegram", other.url);
    expect(await bot.send(LONG)).toMatchObject({ kind: "accepted", reference: "7" });
    await bot.send(RESOLVE, "7");
    const [fired, resolved] = bodies();
    const data = fired.reply_markup.inline_keyboard[0][0].callback_data;
    expect(data).toBe(`ack:${handleOf(FIRE.incident)}`);
    expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64);
    expect(fired.text.length).toBeLessThanOrEqual(4_096);
    expect(other.heard[1]?.path).toMatch(/\/editMessageText$/);
    expect(resolved).toMatchObject({ message_id: 7, reply_markup: { inline_keyboard: [] } });
  });

  it("is asked again when it says so", async () => {
    const body = JSON.stringify({ ok: false, error_code: 429, parameters: { retry_after: 34 } });
    other.answer(answering(429, { body }));
    expect(await openAt("telegram", other.url).send(FIRE)).toMatchObject({ afterMs: 34_000 });
  });

  it("follows a group that got another id", async () => {
    const parameters = { migrate_to_chat_id: -200 };
    const body = JSON.stringify({ ok: false, error_code: 400, parameters });
    other.answer(answering(400, { body }), acceptance("telegram"));
    expect(await openAt("telegram", other.url).send(FIRE)).toMatchObject({
      kind: "accepted",
      says: expect.stringContaining("-200"),
    });
  });

  it("takes as said what it says already", async () => {
    const description = "Bad Request: message is not modified";
    other.answer(answering(400, { body: JSON.stringify({ ok: false, description }) }));
    expect(await openAt("telegram", other.url).send(RESOLVE, "7")).toMatchObject({
      kind: "accepted",
      reference: "7",
    });
  });

  it("accepts a button once, only in its chat and from those who may", async () => {
    const result = [press(1, -100, 5), press(2, -999, 5), press(3, -100, 6), { update_id: 4 }, 7];
    other.answer(ok(JSON.stringify({ ok: true, result })), ok('{"ok":true}'));
    const { settings, env } = channelAt("telegram", other.url);
    if (settings.kind !== "telegram") throw new Error("no bot");
    const outside = openAttempt({ env, signal: new AbortController().signal, deadlineMs: 60_000 });
    const pressed: unknown[] = [];
    let position = 0;
    const chat = { channel: "c", settings: { ...settings, acknowledge_by: [5] } };
    await hearButtons(
      { settings, outside },
      {
        chats: [chat],
        buttons: {
          cursor: () => position,
          moveCursor: (to) => (position = to),
          press: async (one) => {
            pressed.push(one);
            return "acknowledged";
          },
        },
      },
    );
    expect(pressed).toEqual([{ channel: "c", handle: handleOf(FIRE.incident), by: "@anna (5)" }]);
    expect(position).toBe(5);
    const sent = bodies().slice(1);
    expect(sent.map(({ text }) => text)).toEqual([
      "acknowledged",
      "not from this chat",
      "you are not allowed to acknowledge",
    ]);
  });
});
