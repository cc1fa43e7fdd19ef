/** Sends one body of OTLP/HTTP JSON to a collector. */
const SEND_WITHIN_MS = 10_000;
const SAID_CHARS_MAX = 200;

/** @throws {Error} that says what the collector answered, or why it could not be reached. */
export async function sendSpans(url: string, body: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(SEND_WITHIN_MS),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${url} did not accept the spans: ${why}`, { cause: error });
  }
  const said = await response.text();
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}: ${said.slice(0, SAID_CHARS_MAX)}`);
  }
}
