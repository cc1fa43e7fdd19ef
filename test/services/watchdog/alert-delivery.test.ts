import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { handleOf } from "../../../src/adapters/incident-store/notifications.ts";
import { NODE_FLAGS } from "../../../src/adapters/process/node-flags.ts";
import type { Notification } from "../../../src/domain/incidents/notification.ts";
import { startDelivery } from "../../../src/services/watchdog/start-delivery.ts";
import { alertSettings, type ChannelSettings } from "../../../src/wire/alerts/channel-settings.ts";
import { CANARY, channelAt, FIRE, HTTP_KINDS, RESOLVE } from "../../helpers/alerts/channels.ts";
import { openMailServer } from "../../helpers/alerts/mail-server.ts";
import { type Heard, ok, openOtherSide, type OtherSide } from "../../helpers/alerts/other-side.ts";
import {
  type DeliveryProcess,
  makeOutbox,
  type OutboxFile,
  spawnDelivery,
} from "../../helpers/alerts/outbox-file.ts";
import { sendSignal, until } from "../../helpers/processes.ts";

const ENV = { HOOK_URL: "", PAGER_KEY: `${CANARY}-key` };
const ACKNOWLEDGE: Notification = {
  ...FIRE,
  number: 2,
  kind: "acknowledge",
  state: "acknowledged",
};

let hook: OtherSide;
let pager: OtherSide;
let outbox: OutboxFile;
let current: DeliveryProcess | null = null;

beforeEach(async () => {
  hook = await openOtherSide();
  pager = await openOtherSide();
  outbox = makeOutbox();
  current = null;
});

afterEach(async () => {
  if (current !== null) sendSignal(current.child.pid, "SIGKILL");
  outbox.remove();
  await hook.close();
  await pager.close();
});

function start(): void {
  const { channels } = alertSettings.parse({
    channels: {
      hook: { kind: "webhook", url_env: "HOOK_URL" },
      pager: { kind: "pagerduty", routing_key_env: "PAGER_KEY", url: `${pager.url}/v2/enqueue` },
    },
  });
  const env = { ...ENV, HOOK_URL: `${hook.url}/${CANARY}-path` };
  // Three of them are how long a resolve waits for what a killed process may have sent.
  current = spawnDelivery({ file: outbox.file, channels, env, deadlineMs: 1_000 });
}

/** Three incidents, each fired, acknowledged and resolved, on both channels. */
const ALL = ["a", "b", "c"].flatMap((incident) =>
  ["hook", "pager"].flatMap((channel) =>
    [FIRE, ACKNOWLEDGE, { ...RESOLVE, number: 3 }].map((one) => ({ ...one, incident, channel })),
  ),
);

describe("delivery that is killed", () => {
  it("sends each at least once and in order, and opens one incident of PagerDuty for each of ours", async () => {
    /** When it is killed: before the provider accepts the request, or right after it. */
    const kills = new Map([
      ["a fire", "before"],
      ["b acknowledge", "after"],
      ["c resolve", "before"],
    ]);
    const die = (what: string, when: string): void => {
      if (kills.get(what) !== when) return;
      kills.delete(what);
      current?.child.once("exit", start);
      sendSignal(current?.child.pid, "SIGKILL");
    };
    hook.answer((response, heard) => {
      const { incident, kind } = JSON.parse(heard.body);
      const what = `${incident} ${kind}`;
      die(what, "before");
      response.writeHead(200).end("ok", () => die(what, "after"));
    });
    pager.answer(ok('{"status":"success"}', 202));
    start();
    outbox.insertNow(...ALL);
    await until(() => outbox.count("delivered") === ALL.length && kills.size === 0, {
      ms: 60_000,
      tell: () => `${outbox.count("delivered")} of ${ALL.length}: ${current?.output()}`,
    });

    for (const incident of ["a", "b", "c"]) {
      const numbers = hook.heard
        .map(({ body }) => JSON.parse(body))
        .filter((one) => one.incident === incident)
        .map((one) => Number(one.number));
      expect(new Set(numbers)).toEqual(new Set([1, 2, 3]));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
    expect(openedBy(pager.heard)).toEqual({ a: 1, b: 1, c: 1 });
    expect(current?.output()).not.toContain(CANARY);
  });
});

describe("a delivery thread", () => {
  it("that hangs, and one that dies, is followed by one that delivers; buttons reach the watchdog", async () => {
    const said: string[] = [];
    const outboxNow = makeOutbox();
    onTestFinished(outboxNow.remove);
    const telegram = await openOtherSide();
    const press = {
      update_id: 1,
      callback_query: {
        id: "1",
        from: { id: 5 },
        message: { chat: { id: -100 } },
        data: `ack:${handleOf(FIRE.incident)}`,
      },
    };
    telegram.answer((response, { path, body }) => {
      const isFirst = path.endsWith("/getUpdates") && JSON.parse(body).offset === 0;
      // Later questions are left to wait, as Telegram does.
      if (path.endsWith("/getUpdates") && !isFirst) return;
      const result = isFirst ? [press] : { message_id: 7 };
      response.end(JSON.stringify({ ok: true, result }));
    });
    const { settings, env } = channelAt("telegram", telegram.url);
    Object.assign(process.env, env);
    const acknowledged: unknown[] = [];
    const delivery = startDelivery({
      file: outboxNow.file,
      channels: { c: settings },
      entry: new URL("../../helpers/alerts/hanging-delivery.ts", import.meta.url),
      // Its third life must begin within it, on a slow machine as well.
      hungAfterMs: 4_000,
      say: (_, line) => said.push(line),
      acknowledge: (request) => {
        acknowledged.push(request);
        return "noted";
      },
    });
    const polling = setInterval(() => delivery.poll(), 250);
    outboxNow.insertNow(FIRE);
    const tell = () => JSON.stringify({ said, acknowledged, state: delivery.state() });
    await until(() => outboxNow.count("delivered") === 1 && acknowledged.length === 1, {
      ms: 60_000,
      tell,
    });
    expect(acknowledged).toMatchObject([{ incident: FIRE.incident, by: "5", via: "telegram" }]);
    expect(delivery.state()).toMatchObject({ runs: true });
    expect(delivery.state().restarts).toBeGreaterThanOrEqual(2);
    expect(said.join("\n")).toMatch(/was silent for 4 s[^]*failed: a bug/);
    expect(said.join("\n")).not.toContain(CANARY);
    clearInterval(polling);
    await delivery.stop();
    await telegram.close();
  });
});

describe("a canary in every place of a secret", () => {
  it("is in no log, table, argument or answer, whatever the other side repeats", async () => {
    // What it repeats is what no error of ours may hold.
    hook.answer((response, { path, headers, body }) =>
      response.writeHead(400).end(`${path} ${headers.authorization ?? ""} ${body}`),
    );
    const mail = await openMailServer();
    mail.answer({ AUTH: `535 ${CANARY}-password is wrong` });
    const folder = dirname(outbox.file);
    const { channels, env } = everyChannel({ url: hook.url, mailPort: mail.port, folder });
    for (const channel of Object.keys(channels)) outbox.insertNow({ ...FIRE, channel });
    const delivering = spawnDelivery({ file: outbox.file, channels, env });
    current = delivering;
    await until(() => outbox.count("given_up") === Object.keys(channels).length, {
      ms: 60_000,
      tell: () => delivering.output(),
    });
    expect(hook.heard.filter((heard) => JSON.stringify(heard).includes(CANARY))).not.toEqual([]);

    writeFileSync(join(folder, "dolphin.yaml"), JSON.stringify({ alerts: { channels } }));
    const config = await dolphin(["config", "--json"], { folder, env });
    const test = await dolphin(["alerts", "test", "webhook", "--json"], { folder, env });
    const rows = JSON.stringify(outbox.db.prepare("SELECT * FROM notifications").all());
    const places = [rows, delivering.output(), config, test, argumentsOf(delivering.child.pid)];
    expect(JSON.parse(test)).toMatchObject({ accepted: false, sent: [{ outcome: "refused" }] });
    for (const place of places) {
      expect(place).not.toBe("");
      expect(place).not.toContain(CANARY);
    }
    expect(rows).toContain("[redacted]");
    await mail.close();
  });
});

/** One of each kind, with its secrets in variables and, where it has a second, in a file. */
function everyChannel(at: { url: string; mailPort: number; folder: string }): {
  readonly channels: Readonly<Record<string, ChannelSettings>>;
  readonly env: Readonly<Record<string, string>>;
} {
  const channels: Record<string, ChannelSettings> = {};
  const env: Record<string, string> = {};
  for (const kind of HTTP_KINDS) {
    const one = channelAt(kind, at.url);
    const name = (variable: string): string =>
      `${kind.replace("-", "_")}_${variable}`.toUpperCase();
    const renamed = Object.entries(one.settings).map(([key, value]) => [
      key,
      key.endsWith("_env") ? name(String(value)) : value,
    ]);
    channels[kind] = alertSettings.parse({
      channels: { c: Object.fromEntries(renamed) },
    }).channels["c"]!;
    for (const [variable, secret] of Object.entries(one.env)) env[name(variable)] = secret;
  }
  const file = join(at.folder, "password");
  writeFileSync(file, `${CANARY}-password`, { mode: 0o600 });
  const { channels: mails } = alertSettings.parse({
    channels: {
      mail: {
        kind: "email",
        host: "127.0.0.1",
        port: at.mailPort,
        security: "none",
        user: "dolphin",
        password_file: file,
        from: "a@a.example",
        to: ["b@b.example"],
      },
    },
  });
  return { channels: { ...channels, ...mails }, env };
}

/** Beside the other side, which is in this process. */
async function dolphin(
  args: readonly string[],
  { folder, env }: { readonly folder: string; readonly env: Readonly<Record<string, string>> },
): Promise<string> {
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, join(import.meta.dirname, "../../../src/cli/main.ts"), ...args],
    { cwd: folder, env: { PATH: process.env["PATH"], ...env }, timeout: 120_000 },
  );
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return out + err;
}

function argumentsOf(pid: number | undefined): string {
  return readFileSync(`/proc/${pid ?? 0}/cmdline`, "utf8");
}

/** How many incidents PagerDuty opens by these events, by key; none may be left open. */
function openedBy(heard: readonly Heard[]): Record<string, number> {
  const opened: Record<string, number> = {};
  const open = new Set<string>();
  for (const { body } of heard) {
    const { event_action: action, dedup_key: key } = JSON.parse(body);
    if (action === "trigger" && !open.has(key)) opened[key] = (opened[key] ?? 0) + 1;
    if (action === "trigger") open.add(key);
    if (action === "resolve") open.delete(key);
  }
  expect(open).toEqual(new Set());
  return opened;
}
