import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DeliveryLoop, startDeliveries } from "../../../src/operations/delivery/deliver.ts";
import { testChannel } from "../../../src/operations/delivery/test-channel.ts";
import type { ChannelSettings } from "../../../src/wire/alerts/channel-settings.ts";
import { channelAt, FIRE, RESOLVE } from "../../helpers/alerts/channels.ts";
import { answering, ok, openOtherSide, type OtherSide } from "../../helpers/alerts/other-side.ts";
import { makeOutbox, type OutboxFile } from "../../helpers/alerts/outbox-file.ts";
import { until } from "../../helpers/processes.ts";

let well: OtherSide;
let ill: OtherSide;
let outbox: OutboxFile;
let delivery: DeliveryLoop;
const said: string[] = [];

beforeEach(async () => {
  well = await openOtherSide();
  ill = await openOtherSide();
  outbox = makeOutbox();
});
afterEach(async () => {
  await delivery.stop();
  outbox.remove();
  await well.close();
  await ill.close();
});

function start(channels: Readonly<Record<string, ChannelSettings>>, env: Record<string, string>) {
  delivery = startDeliveries({
    file: outbox.file,
    channels,
    world: { env },
    say: (_, line) => said.push(line),
    acknowledge: async () => "noted",
  });
}

const NOBODY_WAITS = { ms: 60_000, tell: () => said.join("\n") };

describe("delivery", () => {
  it("sends what is decided while nobody wakes it, and lets no channel hold another", async () => {
    const here = channelAt("webhook", well.url);
    const there = channelAt("slack", ill.url);
    if (there.settings.kind !== "slack") throw new Error("not what was asked for");
    const illSettings = { ...there.settings, url_env: "ILL" };
    start({ c: here.settings, ill: illSettings }, { ...here.env, ILL: there.env["A"] ?? "" });
    ill.answer(answering(503));
    outbox.insertNow({ ...FIRE, channel: "ill" });
    // Nothing is asked of it before it has been idle.
    await until(() => 0 < ill.heard.length, NOBODY_WAITS);
    outbox.insertNow(FIRE);
    await until(() => outbox.count("delivered") === 1, NOBODY_WAITS);
    outbox.insertNow(RESOLVE);
    await until(() => outbox.count("delivered") === 2, NOBODY_WAITS);
    expect(well.heard.map(({ body }) => JSON.parse(body).kind)).toEqual(["fire", "resolve"]);
    expect(outbox.count("waiting")).toBe(1);
  });

  it("goes on with the database that the engine made in place of a damaged one", async () => {
    const { settings, env } = channelAt("webhook", well.url);
    start({ c: settings }, env);
    outbox.insertNow(FIRE);
    await until(() => outbox.count("delivered") === 1, NOBODY_WAITS);
    outbox.replace();
    outbox.insertNow(RESOLVE);
    await until(() => outbox.count("delivered") === 1, NOBODY_WAITS);
    expect(well.heard).toHaveLength(2);
  });
});

describe("a test of a channel", () => {
  it("shows what the other side answered, and leaves no incident open", async () => {
    well.answer(ok('{"status":"success"}', 202));
    const { settings, env } = channelAt("pagerduty", well.url);
    start({}, {});
    const test = await testChannel({ channel: "pager", settings, world: { env }, nowMs: 0 });
    expect(test).toMatchObject({
      accepted: true,
      sent: [
        { kind: "fire", outcome: "accepted", says: 'it answered 202: {"status":"success"}' },
        { kind: "resolve", outcome: "accepted" },
      ],
    });
    const actions = well.heard.map(({ body }) => JSON.parse(body).event_action);
    expect(actions).toEqual(["trigger", "resolve"]);
  });
});
