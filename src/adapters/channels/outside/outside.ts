/** What one attempt has of the outside: secrets, read when they are used, and requests under one deadline. */
import { ask, type Question, type Told } from "./ask.ts";
import { readSecret, type SecretNames } from "./read-secret.ts";

export type Outside = {
  /** @throws {SecretError} that names the place and not what stands there. */
  secret(names: SecretNames): Promise<string>;
  ask(question: Omit<Question, "deadlineMs" | "signal">): Promise<Told>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
};

export type Attempt = Outside & {
  /** All that was read, and the parts of URLs that are as good as it. */
  secrets(): readonly string[];
};

/** Of a request, from its first byte to the last of its answer. */
export const DEADLINE_MS = 10_000;
/** A part of a path that is shorter says nothing. */
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

/** Of a URL the other side may repeat any part in its answer. */
function partsOf(secret: string): string[] {
  if (!URL.canParse(secret)) return [secret];
  const { pathname, search, searchParams } = new URL(secret);
  const parts = [...pathname.split("/"), ...searchParams.values()];
  const telling = parts.filter((part) => PART_CHARACTERS_MIN <= part.length);
  const path = pathname.length < PART_CHARACTERS_MIN ? [] : [pathname, pathname + search];
  return [secret, ...path, ...telling];
}
