/**
 * A dead man's switch: requests a configured URL while all is well; when the requests stop, the service behind it
 * alerts. Invariant: the URL is treated as a secret and never logged, and the request is never waited for.
 */
import { messageOf } from "../../domain/failure.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { monotonicMs } from "../../adapters/clock.ts";

export type HeartbeatSettings = {
  /** Reference to the URL. */
  readonly url: { readonly env?: string; readonly file?: string };
  readonly everyMs: number;
};

export type HeartbeatOptions = HeartbeatSettings & {
  /** Why all is not well; null where it is. */
  readonly trouble: () => string | null;
  readonly say: (level: "info" | "warn", line: string) => void;
};

const OK_MIN = 200;
const OK_MAX = 299;

export function createOutsideHeartbeat({ url, everyMs, trouble, say }: HeartbeatOptions) {
  const stopping = new AbortController();
  let sentAtMs = -Infinity;
  let standing = "not sent yet";
  const note = (now: string): void => {
    if (now === standing) return;
    standing = now;
    say(now === "sent" ? "info" : "warn", `outside heartbeat: ${now}`);
  };
  return {
    name: "heartbeat",
    everyMs: Math.min(MS_PER_SECOND, everyMs),
    async act(): Promise<void> {
      const why = trouble();
      if (why !== null) return note(`withheld: ${why}`);
      if (monotonicMs() - sentAtMs < everyMs) return;
      sentAtMs = monotonicMs();
      note(await beat(url, stopping.signal));
    },
    standing: () => standing,
    close(): void {
      stopping.abort();
    },
  };
}

async function beat(url: HeartbeatSettings["url"], signal: AbortSignal): Promise<string> {
  try {
    // Loaded only where such a URL is configured.
    const { openAttempt } = await import("../../adapters/channels/outside/outside.ts");
    const attempt = openAttempt({ env: process.env, signal });
    const secret = await attempt.secret(url);
    const outcome = await attempt.ask({ url: secret, method: "GET" });
    if (outcome.kind === "unheard") return `not received: ${outcome.says}`;
    const isOk = OK_MIN <= outcome.status && outcome.status <= OK_MAX;
    return isOk ? "sent" : `answered with status ${outcome.status}`;
  } catch (error) {
    return `not sent: ${messageOf(error)}`;
  }
}
