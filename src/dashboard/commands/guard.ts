/**
 * The checks of a request that would change something, before its content is read: it was sent by our own page, on
 * purpose, and it is small. Each refusal is a sentence.
 */
export type RequestRefusal = {
  readonly code: 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 429;
  readonly says: string;
};
export type RequestBody = Readonly<Record<string, unknown>>;
/** Distinct shapes, so that no body can pass for a refusal. */
export type Read = { readonly body: RequestBody } | { readonly refusal: RequestRefusal };

export type AskedHow = {
  readonly method: string;
  /** As sent. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
};

export const BODY_BYTES_MAX = 16_384;
const BODY_WITHIN_MS = 5_000;

/** Its host is one of our own names: every request has passed that check. */
export function refusalOf(asked: AskedHow): RequestRefusal | null {
  const { method, host, origin, fetchSite, contentType, contentLength } = asked;
  if (method !== "POST") {
    return { code: 405, says: `${method} changes nothing: send commands by POST` };
  }
  if (origin !== `http://${host}`) {
    return { code: 403, says: "this request was not sent by our own page, so nothing was done" };
  }
  if (fetchSite !== undefined && fetchSite !== "same-origin") {
    return { code: 403, says: "this request came from another site, so nothing was done" };
  }
  if (contentType?.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    return { code: 415, says: "a command is sent as application/json" };
  }
  return BODY_BYTES_MAX < Number(contentLength ?? 0) ? tooLarge() : null;
}

function tooLarge(): RequestRefusal {
  return { code: 413, says: `a command has at most ${BODY_BYTES_MAX} bytes` };
}

/** A record, or the reason why there is none. The size is bounded even with a missing or false length. */
export async function readBody(body: ReadableStream<Uint8Array> | null): Promise<Read> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const late = AbortSignal.timeout(BODY_WITHIN_MS);
  const reader = body?.getReader();
  const give = () => void reader?.cancel().catch(() => undefined);
  late.addEventListener("abort", give);
  try {
    for (;;) {
      const next = await reader?.read();
      if (next?.value === undefined) break;
      bytes += next.value.byteLength;
      if (BODY_BYTES_MAX < bytes) {
        give();
        return { refusal: tooLarge() };
      }
      chunks.push(next.value);
    }
  } catch {
    return refusal(400, "the request was incomplete, so nothing was done");
  } finally {
    late.removeEventListener("abort", give);
  }
  if (late.aborted) return refusal(408, "the request did not end in time");
  return recordIn(Buffer.concat(chunks).toString("utf8"));
}

function recordIn(text: string): Read {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { body: { ...value } };
    }
  } catch {
    // Reported below.
  }
  return refusal(400, "a command is a JSON object");
}

function refusal(code: RequestRefusal["code"], says: string): Read {
  return { refusal: { code, says } };
}
