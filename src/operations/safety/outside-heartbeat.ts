/**
 * Tells somebody outside that all is well, by asking a URL of his: when it is not, or this machine is dead, he misses
 * it. Invariant: the URL is as good as a secret, so it stands in no line, and a beat is never waited for.
 */
import { messageOf } from "../../domain/failure.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { monotonicMs } from "../../adapters/clock.ts";

export type HeartbeatSettings = {
  /** Where the URL stands. */
  readonly url: { readonly env?: string; readonly file?: string };
  readonly everyMs: number;
};

export type HeartbeatOptions = HeartbeatSettings & {
  /** What is not well; null where all is. */
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
    // Only who has one loads what it takes.
    const { openAttempt } = await import("../../adapters/channels/outside/outside.ts");
    const attempt = openAttempt({ env: process.env, signal });
    const secret = await attempt.secret(url);
    const told = await attempt.ask({ url: secret, method: "GET" });
    if (told.kind === "unheard") return `not heard: ${told.says}`;
    const isOk = OK_MIN <= told.status && told.status <= OK_MAX;
    return isOk ? "sent" : `answered with status ${told.status}`;
  } catch (error) {
    return `not sent: ${messageOf(error)}`;
  }
}
