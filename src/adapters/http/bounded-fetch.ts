/**
 * One bounded HTTP request: a total deadline that includes the body, a limit on its bytes, no redirects. Invariant: a
 * failure names only the host, because paths, queries and headers hold secrets.
 */
import { codeOf } from "../../domain/failure.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { wallMs } from "../clock.ts";

export type HttpRequest = {
  readonly url: string;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type HttpLimits = {
  /** From the first step to the last byte of the body, however slowly it arrives. */
  readonly deadlineMs: number;
  /** Of the decompressed body. */
  readonly bytesMax: number;
  /** Ends it early, as a failure of kind `stopped`. */
  readonly signal?: AbortSignal;
};

export type HttpAnswer = {
  readonly kind: "answered";
  readonly status: number;
  /** By lower-case name; null: absent. */
  readonly header: (name: string) => string | null;
  /** Null: `Retry-After` is absent, or neither seconds nor a date. */
  readonly retryAfterMs: number | null;
  readonly text: string;
};

export type HttpFailure = {
  readonly kind: "failed";
  readonly why:
    /** The request was not sent. */
    | "bad_address"
    | "timeout"
    | "stopped"
    /** No connection, or it broke before the whole answer had arrived. */
    | "unreachable"
    /** The body exceeded the limit. */
    | "too_large"
    /** The server answered with a redirect. */
    | "redirect"
    /** The body is not UTF-8. */
    | "garbled";
  /** A sentence for a log. */
  readonly detail: string;
};

/** Never throws. A status of 400 and above is an answer, which the caller interprets. */
export async function boundedFetch(
  request: HttpRequest,
  limits: HttpLimits,
): Promise<HttpAnswer | HttpFailure> {
  const url = URL.parse(request.url);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    return failed("bad_address", "the address is not an http or https URL");
  }
  const deadline = AbortSignal.timeout(limits.deadlineMs);
  const signal =
    limits.signal === undefined ? deadline : AbortSignal.any([deadline, limits.signal]);
  try {
    const response = await fetch(url, {
      method: request.method ?? "GET",
      headers: { ...request.headers },
      body: request.body ?? null,
      redirect: "manual",
      signal,
    });
    if (300 <= response.status && response.status < 400) {
      await drop(response);
      return failed("redirect", `${url.host} answered ${response.status}, a redirect`);
    }
    const bytes = await readBytes(response, limits.bytesMax);
    if (bytes === null) {
      return failed("too_large", `${url.host} sent more than ${limits.bytesMax} bytes`);
    }
    return answer(response, decoded(bytes)) ?? failed("garbled", `${url.host} did not send UTF-8`);
  } catch (error) {
    if (limits.signal?.aborted === true) return failed("stopped", `${url.host}: asked no longer`);
    if (deadline.aborted) {
      return failed("timeout", `${url.host} did not answer in ${limits.deadlineMs} ms`);
    }
    return failed("unreachable", `${url.host} cannot be reached (${reasonOf(error)})`);
  }
}

function answer(response: Response, text: string | null): HttpAnswer | null {
  if (text === null) return null;
  const { status, headers } = response;
  const retryAfterMs = readRetryAfter(headers.get("retry-after"), wallMs());
  return { kind: "answered", status, header: (name) => headers.get(name), retryAfterMs, text };
}

/** Seconds, or a date. */
export function readRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  if (/^\d+(\.\d+)?$/.test(text.trim())) return Number(text) * MS_PER_SECOND;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** Null: the body is longer; the rest is not read. */
async function readBytes(response: Response, bytesMax: number): Promise<Buffer | null> {
  if (response.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.byteLength;
    // Leaving the loop cancels the body, and closes the connection.
    if (bytesMax < length) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

async function drop(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The code alone: a message may repeat the address with its secrets. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return codeOf(cause) ?? codeOf(error) ?? "the connection broke";
}

function failed(why: HttpFailure["why"], detail: string): HttpFailure {
  return { kind: "failed", why, detail };
}
