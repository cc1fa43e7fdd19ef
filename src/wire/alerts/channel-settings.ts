/**
 * The section `alerts` of the configuration: the channels and the outside heartbeat. It holds secrets by
 * reference only: `NAME_env` names an environment variable, `NAME_file` a file with mode 0600 that belongs to
 * the user DOLPHIN runs as.
 */
import { z } from "zod";
import { SEVERITIES } from "../../domain/incidents/notification.ts";
import { alertRules, problemOfAudience } from "./rule-settings.ts";

const CHANNELS_MAX = 32;
/** Such as a routing key, which would be a valid name, and would be repeated where no such variable is set. */
const LIKE_A_SECRET = /^(?=.*\d)(?=.*[a-z])[A-Za-z0-9]{16,}$/;
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be lower-case letters, digits and '-'");
const team = z.string().min(1).max(40);
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "must be the name of an environment variable")
  .refine(
    (named) => !named.startsWith("DOLPHIN_"),
    "must not begin with DOLPHIN_: those are settings",
  )
  .refine(
    (named) => !LIKE_A_SECRET.test(named),
    "looks like the secret itself: give the name of the environment variable that holds it",
  );
const file = z.string().max(4_096).regex(/^\//, "must be an absolute path");

const common = {
  /** Teams whose incidents go to this channel; empty: all teams. */
  teams: z.array(team).max(20).default([]),
  severity_min: z.enum(SEVERITIES).default("warning"),
};
const url = z
  .url({ protocol: /^https?$/, error: "must be an http or https URL" })
  .refine((text) => !/^https?:\/\/[^/?#]*@/i.test(text), "must not contain a user or password");

const SECRETS_OF = {
  webhook: ["url"],
  slack: ["url"],
  "slack-bot": ["token"],
  discord: ["url"],
  telegram: ["token"],
  pagerduty: ["routing_key"],
  ntfy: ["url"],
  email: [],
} as const;

const channel = z
  .discriminatedUnion("kind", [
    /** Posts a JSON object; contract.md, section 5, defines it. */
    z.strictObject({
      kind: z.literal("webhook"),
      url_env: variable.optional(),
      url_file: file.optional(),
      /** Sent as `Authorization: Bearer`. */
      token_env: variable.optional(),
      token_file: file.optional(),
      ...common,
    }),
    /** An incoming webhook posts one message for each change. */
    z.strictObject({
      kind: z.literal("slack"),
      url_env: variable.optional(),
      url_file: file.optional(),
      ...common,
    }),
    /** A bot with `chat:write` posts one message for each incident and keeps it up to date. */
    z.strictObject({
      kind: z.literal("slack-bot"),
      token_env: variable.optional(),
      token_file: file.optional(),
      /** The id of the conversation, such as C0123456789. */
      conversation: z.string().regex(/^[A-Z0-9]{2,40}$/, "must be an id such as C0123456789"),
      url: url.default("https://slack.com/api"),
      ...common,
    }),
    z.strictObject({
      kind: z.literal("discord"),
      url_env: variable.optional(),
      url_file: file.optional(),
      ...common,
    }),
    z.strictObject({
      kind: z.literal("telegram"),
      token_env: variable.optional(),
      token_file: file.optional(),
      chat_id: z.number().int(),
      message_thread_id: z.number().int().positive().optional(),
      /** Ids of the users who may press Acknowledge; empty: every member of the chat. */
      acknowledge_by: z.array(z.number().int().positive()).max(100).default([]),
      url: url.default("https://api.telegram.org"),
      ...common,
    }),
    z.strictObject({
      kind: z.literal("pagerduty"),
      routing_key_env: variable.optional(),
      routing_key_file: file.optional(),
      url: url.default("https://events.pagerduty.com/v2/enqueue"),
      ...common,
      severity_min: z.enum(SEVERITIES).default("critical"),
    }),
    /** The URL with its topic. Anybody who knows it can read the messages. */
    z.strictObject({
      kind: z.literal("ntfy"),
      url_env: variable.optional(),
      url_file: file.optional(),
      token_env: variable.optional(),
      token_file: file.optional(),
      ...common,
    }),
    z.strictObject({
      kind: z.literal("email"),
      host: z.string().min(1).max(253),
      port: z.number().int().min(1).max(65_535).default(587),
      /**
       * `starttls`: sending fails if the server does not offer it. `none`: allowed only to a server on this
       * machine.
       */
      security: z.enum(["tls", "starttls", "none"]).default("starttls"),
      user: z.string().min(1).max(320).optional(),
      password_env: variable.optional(),
      password_file: file.optional(),
      from: z.email(),
      to: z.array(z.email()).min(1).max(20),
      ...common,
    }),
  ])
  .superRefine((settings, context) => {
    const given: Readonly<Record<string, unknown>> = settings;
    for (const secret of SECRETS_OF[settings.kind]) {
      const count = [`${secret}_env`, `${secret}_file`].filter((key) => given[key] !== undefined);
      if (count.length !== 1) {
        context.addIssue(
          `needs either ${secret}_env or ${secret}_file: the configuration refers to a secret and does not contain it`,
        );
      }
    }
    for (const key of ["token", "password"]) {
      if (given[`${key}_env`] !== undefined && given[`${key}_file`] !== undefined) {
        context.addIssue(`needs ${key}_env or ${key}_file, not both`);
      }
    }
  });
export type ChannelSettings = z.infer<typeof channel>;

const sections = z.strictObject({
  channels: z
    .record(name, channel)
    .refine(
      (channels) => Object.keys(channels).length <= CHANNELS_MAX,
      `must be at most ${CHANNELS_MAX}`,
    )
    .default({}),
  /** The operator's own rules, beside the built-in ones. */
  rules: alertRules.default({}),
  /**
   * A URL that is requested while all is well (a dead man's switch), so that somebody outside notices when this
   * machine falls silent.
   */
  heartbeat_url_env: variable.nullable().default(null),
  heartbeat_url_file: file.nullable().default(null),
  heartbeat_s: z.number().min(1).max(3_600).default(30),
});

export const alertSettings = sections.superRefine(({ channels, rules }, context) => {
  for (const [rule, settings] of Object.entries(rules)) {
    const problem = problemOfAudience(rule, settings, channels);
    if (problem !== null)
      context.addIssue({ code: "custom", path: ["rules", rule], message: problem });
  }
});
