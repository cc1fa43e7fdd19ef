/**
 * A generic webhook: one JSON object for each change of an incident; any 2xx is an acceptance. contract.md defines
 * the fields.
 */
import { isoFromMs } from "../../domain/time.ts";
import type { Channel, SettingsOf } from "./channel.ts";
import { sendResultOf, saysOf } from "./outside/answers.ts";

export function webhookChannel(settings: SettingsOf<"webhook">): Channel {
  return {
    budget: { perMinute: 600, burst: 60 },
    settles: false,
    async send({ notification: sent }, outside) {
      const url = await outside.secret({ env: settings.url_env, file: settings.url_file });
      const headers = await authorization(settings, outside);
      const body = JSON.stringify({
        incident: sent.incident,
        number: sent.number,
        kind: sent.kind,
        rule: sent.rule,
        subject: sent.subject,
        severity: sent.severity,
        state: sent.state,
        summary: sent.summary,
        cause: sent.cause,
        started_at: isoFromMs(sent.startedAtMs),
        at: isoFromMs(sent.atMs),
        teams: sent.teams,
        labels: sent.labels,
      });
      return sendResultOf(await outside.ask({ url, headers, body }), (answered) => ({
        kind: "accepted",
        says: saysOf(answered),
        reference: null,
      }));
    },
  };
}

/** An Authorization header, where a token is configured. */
export async function authorization(
  names: { readonly token_env?: string | undefined; readonly token_file?: string | undefined },
  outside: Pick<Parameters<Channel["send"]>[1], "secret">,
): Promise<Record<string, string>> {
  if (names.token_env === undefined && names.token_file === undefined) return {};
  const token = await outside.secret({ env: names.token_env, file: names.token_file });
  return { authorization: `Bearer ${token}` };
}
