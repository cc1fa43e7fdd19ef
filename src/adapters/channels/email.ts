/** Mail by SMTP, one connection per message. Mails on one incident form one thread. */
import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import type { SendResult } from "../../domain/incidents/delivery/delivery-policy.ts";
import { cutTo, notificationText } from "../../domain/incidents/delivery/message-text.ts";
import type { Notification } from "../../domain/incidents/notification.ts";
import { codeOf } from "../../domain/failure.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { handleOf } from "../incident-store/notifications.ts";
import type { Channel, SettingsOf } from "./channel.ts";
import { isNear, mayLeadTo } from "./outside/addresses.ts";
import type { Outside } from "./outside/outside.ts";

const SUBJECT_CHARACTERS_MAX = 180;
const BODY_CHARACTERS_MAX = 20_000;
const ANSWER_CHARACTERS_MAX = 160;
const RESPONSE_BYTES_MAX = 65_536;

export function emailChannel(settings: SettingsOf<"email">): Channel {
  return {
    budget: { perMinute: 20, burst: 5 },
    settles: false,
    async send({ notification }, outside) {
      if (settings.security === "none" && !isNear(settings.host)) {
        return {
          kind: "refused",
          says: "security: none is for an address of a private network, written as such",
        };
      }
      const { password_env: env, password_file: file, user } = settings;
      const named = env !== undefined || file !== undefined;
      const pass = named ? await outside.secret({ env, file }) : null;
      if ((user === undefined) !== (pass === null)) {
        return { kind: "refused", says: "a user needs a password, and a password a user" };
      }
      return mail({ settings, outside }, { notification, pass });
    },
  };
}

async function mail(
  { settings, outside }: { readonly settings: SettingsOf<"email">; readonly outside: Outside },
  { notification, pass }: { readonly notification: Notification; readonly pass: string | null },
): Promise<SendResult> {
  const place = await addressOf(settings.host);
  if (typeof place !== "string") return place;
  // Loaded on demand: only users of a mail channel need the package.
  const { createTransport } = await import("nodemailer");
  const limit = outside.deadlineMs;
  const transport = createTransport({
    host: place,
    port: settings.port,
    name: hostname(),
    secure: settings.security === "tls",
    requireTLS: settings.security === "starttls",
    ignoreTLS: settings.security === "none",
    tls: { servername: settings.host },
    // Our own limit ends it first: of two timers that fire together either could name the outcome.
    connectionTimeout: 2 * limit,
    greetingTimeout: 2 * limit,
    socketTimeout: 2 * limit,
    socketCloseTimeout: 0,
    maxResponseSize: RESPONSE_BYTES_MAX,
    ...(pass === null ? {} : { auth: { user: settings.user, pass } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const late = Promise.withResolvers<never>();
  const stop = (): void => late.reject(new LateError("late"));
  const timer = setTimeout(stop, limit);
  outside.signal.addEventListener("abort", stop, { once: true });
  try {
    const sending = transport.sendMail(letterOf(settings, notification));
    sending.catch(() => {});
    return meaningOf(await Promise.race([sending, late.promise]));
  } catch (error) {
    return failureOf(error, limit);
  } finally {
    clearTimeout(timer);
    outside.signal.removeEventListener("abort", stop);
    transport.close();
  }
}

class LateError extends Error {}

/** The server's address, or why there is none. */
async function addressOf(host: string): Promise<string | SendResult> {
  try {
    const found = await lookup(host, { all: true });
    const allowed = found.find(({ address }) => mayLeadTo(host, address));
    if (allowed !== undefined) return allowed.address;
    return failed("its name resolves to this machine; configure the address if that is intended");
  } catch (error) {
    return failed(`its name is not known (${codeOf(error) ?? "unknown error"})`);
  }
}

function failed(says: string, outcome: "refused" | "unknown" = "refused"): SendResult {
  return { kind: "failed", says, outcome, afterMs: null };
}

function letterOf(
  settings: SettingsOf<"email">,
  notification: Notification,
): Readonly<Record<string, unknown>> {
  const { title, lines } = notificationText(notification);
  const domain = settings.from.split("@").at(-1) ?? "dolphin";
  const handle = handleOf(notification.incident);
  const first = `<${handle}.1@${domain}>`;
  return {
    from: settings.from,
    to: settings.to,
    subject: cutTo(title, SUBJECT_CHARACTERS_MAX),
    text: cutTo(lines.join("\n"), BODY_CHARACTERS_MAX),
    // The same id for each try, so that mail readers show one message.
    messageId: `<${handle}.${notification.number}@${domain}>`,
    ...(notification.number === 1 ? {} : { inReplyTo: first, references: [first] }),
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

function meaningOf(info: { readonly response?: unknown; readonly rejected?: unknown }): SendResult {
  const rejected = Array.isArray(info.rejected) ? info.rejected.length : 0;
  const some = rejected === 0 ? "" : `; ${rejected} of the addresses were refused`;
  return { kind: "accepted", says: `it answered ${short(info.response)}${some}`, reference: null };
}

/** Once the mail itself has been sent, the outcome of a failure is unknown. */
function failureOf(error: unknown, limitMs: number): SendResult {
  if (error instanceof LateError) {
    return failed(`no end in ${limitMs / MS_PER_SECOND} s`, "unknown");
  }
  const code = codeOf(error) ?? "unknown error";
  const { responseCode, response, command } = fieldsOf(error);
  if (typeof responseCode === "number") {
    const says = `it answered ${short(response)} (${code})`;
    return responseCode < 500 ? failed(says) : { kind: "refused", says };
  }
  return failed(`the mail was not sent (${code})`, command === "CONN" ? "refused" : "unknown");
}

function fieldsOf(error: unknown): Readonly<Record<string, unknown>> {
  return error instanceof Error ? Object.fromEntries(Object.entries(error)) : {};
}

function short(text: unknown): string {
  const line = typeof text === "string" ? text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim() : "nothing";
  return cutTo(line, ANSWER_CHARACTERS_MAX);
}
