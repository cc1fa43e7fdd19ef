import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openChannel } from "../../../src/adapters/channels/open-channel.ts";
import { alertSettings } from "../../../src/wire/alerts/channel-settings.ts";
import { CANARY, FIRE, RESOLVE } from "../../helpers/alerts/channels.ts";
import { type MailServer, openMailServer } from "../../helpers/alerts/mail-server.ts";

let server: MailServer;
beforeAll(async () => {
  server = await openMailServer();
});
beforeEach(() => server.answer({}));
afterAll(() => server.close());

const AMPLE_MS = 60_000;

function send(more: object = {}, deadlineMs = AMPLE_MS) {
  const settings = alertSettings.parse({
    channels: {
      mail: {
        kind: "email",
        host: "127.0.0.1",
        port: server.port,
        security: "none",
        from: "dolphin@a.example",
        to: ["ops@b.example"],
        ...more,
      },
    },
  }).channels["mail"]!;
  const channel = openChannel(settings, { env: { PASSWORD: CANARY }, deadlineMs });
  const { signal } = new AbortController();
  return (notification = FIRE) => channel.send({ notification, reference: null }, signal);
}
const LOGIN = { user: "dolphin", password_env: "PASSWORD" };

describe("mail", () => {
  it("is a conversation for each incident", async () => {
    expect(await send(LOGIN)()).toEqual({
      kind: "accepted",
      says: "it answered 250 taken as 7",
      reference: null,
    });
    await send(LOGIN)(RESOLVE);
    const [first, second] = server.mails.slice(-2);
    expect(first).toContain("Subject: FIRING critical: stale_data scan_bridge");
    expect(first).toContain("no scan for 61 s");
    const id = /^Message-ID: (<\S+\.1@a\.example>)/im.exec(first ?? "")?.[1];
    expect(second).toContain(`In-Reply-To: ${id}`);
  });

  it("makes no second header of a summary", async () => {
    await send()({ ...FIRE, rule: "x\r\nBcc: all@c.example" });
    expect(server.mails.at(-1)).not.toMatch(/^Bcc:/im);
  });

  it.each([
    ["a server that is busy", { MAIL: "451 later" }, { kind: "failed", outcome: "refused" }],
    ["too many mails", { ".": "450 slow down" }, { kind: "failed", outcome: "refused" }],
    ["an unknown address", { RCPT: "550 nobody" }, { kind: "refused" }],
    ["a wrong password", { AUTH: "535 no" }, { kind: "refused" }],
    ["a greeting that is no mail server's", { connect: "HTTP/1.1 400" }, { kind: "failed" }],
  ])("is told what comes of %s", async (_, answers, expected) => {
    server.answer(answers);
    const answer = await send(LOGIN)();
    expect(answer).toMatchObject(expected);
  });

  it("repeats no password that the server repeats", async () => {
    server.answer({ AUTH: `535 ${CANARY} is wrong` });
    const answer = await send(LOGIN)();
    expect(answer).toMatchObject({ kind: "refused", says: expect.stringContaining("[redacted]") });
    expect(answer.says).not.toContain(CANARY);
  });

  it("ends with a server that says nothing", async () => {
    server.answer({ connect: null });
    expect(await send({}, 300)()).toMatchObject({ kind: "failed", outcome: "unknown" });
  });

  it("does not go in the clear where it was to be encrypted", async () => {
    const before = server.mails.length;
    const answer = await send({ ...LOGIN, security: "starttls" })();
    expect(answer.kind).not.toBe("accepted");
    expect(server.mails.length).toBe(before);
  });

  it("goes in the clear on this machine alone", async () => {
    expect(await send({ host: "mail.example", security: "none" })()).toMatchObject({
      kind: "refused",
      says: expect.stringContaining("private network"),
    });
  });
});
