/** The context of one attempt: secrets, read when they are used, and requests under one deadline. */
import { ask, type OutsideRequest, type AskOutcome } from "./ask.ts";
import { readSecret, type SecretNames } from "./read-secret.ts";

export type Outside = {
  /** @throws {SecretError} that names the reference, never the secret. */
  secret(names: SecretNames): Promise<string>;
  ask(question: Omit<OutsideRequest, "deadlineMs" | "signal">): Promise<AskOutcome>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
};

export type Attempt = Outside & {
  /** All secrets that were read, and the parts of URLs that are equally secret. */
  secrets(): readonly string[];
};

/** Deadline of a request, from its first byte to the last of its answer. */
export const DEADLINE_MS = 10_000;
/** A shorter part of a path is not considered secret. */
const PART_CHARACTERS_MIN = 8;

export function openAttempt(of: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly deadlineMs?: number | undefined;
}): Attempt {
  const deadlineMs = of.deadlineMs ?? DEADLINE_MS;
  const known = new Set<string>();
  return {
    deadlineMs,
    signal: of.signal,
    secrets: () => [...known].toSorted((a, b) => b.length - a.length),
    async secret(names) {
      const secret = await readSecret(names, of.env);
      for (const part of partsOf(secret)) known.add(part);
      return secret;
    },
    ask: (question) => ask({ ...question, deadlineMs, signal: of.signal }),
  };
}

/** The server may repeat any part of a URL in its answer. */
function partsOf(secret: string): string[] {
  if (!URL.canParse(secret)) return [secret];
  const { pathname, search, searchParams } = new URL(secret);
  const parts = [...pathname.split("/"), ...searchParams.values()];
  const telling = parts.filter((part) => PART_CHARACTERS_MIN <= part.length);
  const path = pathname.length < PART_CHARACTERS_MIN ? [] : [pathname, pathname + search];
  return [secret, ...path, ...telling];
}
