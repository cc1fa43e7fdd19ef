/**
 * One HTTP request: a single deadline, a body read up to a limit, no redirects, a connection of its own. Every
 * behaviour of the server becomes a value, and no URL appears in it.
 */
import type { IncomingMessage, RequestOptions } from "node:http";
import { codeOf } from "../../../domain/failure.ts";
import { MS_PER_SECOND } from "../../../domain/time.ts";
import { wallMs } from "../../clock.ts";
import { guardedLookup, isNear } from "./addresses.ts";

export type OutsideRequest = {
  readonly url: string;
  readonly method?: "POST" | "GET";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Limit of the answer; the rest is not read. */
  readonly bytesMax?: number;
};

export type AskOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** From the header Retry-After. */
      readonly afterMs: number | null;
      readonly text: string;
      /** Whether the body ended within the limits. */
      readonly isWhole: boolean;
    }
  /** `outcome`: whether the server can have received the request. */
  | { readonly kind: "unheard"; readonly says: string; readonly outcome: "refused" | "unknown" };

const BYTES_MAX = 65_536;

export async function ask(question: OutsideRequest): Promise<AskOutcome> {
  const url = URL.canParse(question.url) ? new URL(question.url) : null;
  const wrong = wrongOf(url);
  if (url === null || wrong !== null) {
    return { kind: "unheard", says: wrong ?? "no URL", outcome: "refused" };
  }
  const { promise, resolve } = Promise.withResolvers<AskOutcome>();
  const state = { isSent: false, answer: null as IncomingMessage | null, text: () => "" };
  // These modules take 9 MB in the thread: loaded when there is something to send.
  const { request: begin } =
    url.protocol === "https:"
      ? await import("node:https")
      : await import("../../http/node-http.ts");
  const request = begin(url, optionsOf(question, url));
  const end = (outcome: AskOutcome): void => {
    resolve(outcome);
    request.destroy();
  };
  const fail = (says: string): void =>
    end(
      state.answer === null
        ? { kind: "unheard", says, outcome: state.isSent ? "unknown" : "refused" }
        : answered(state.answer, { text: state.text(), isWhole: false }),
    );
  const timer = setTimeout(
    () =>
      fail(
        `${state.isSent ? "no answer" : "no connection"} in ${question.deadlineMs / MS_PER_SECOND} s`,
      ),
    question.deadlineMs,
  );
  const stop = (): void => fail("delivery was stopped");
  question.signal.addEventListener("abort", stop, { once: true });
  request.on("socket", (socket) => {
    socket.once(
      url.protocol === "https:" ? "secureConnect" : "connect",
      () => (state.isSent = true),
    );
  });
  request.on("error", (error) => fail(wordsFor(error)));
  request.on("response", (answer) => {
    state.answer = answer;
    state.text = readBody(answer, question.bytesMax ?? BYTES_MAX, (isWhole) =>
      end(answered(answer, { text: state.text(), isWhole })),
    );
  });
  request.end(question.body ?? "");
  if (question.signal.aborted) stop();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    question.signal.removeEventListener("abort", stop);
  }
}

function optionsOf({ method, headers, body }: OutsideRequest, url: URL): RequestOptions {
  return {
    method: method ?? "POST",
    agent: false,
    lookup: guardedLookup(url.hostname),
    headers: {
      "user-agent": "dolphin",
      accept: "*/*",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
      "content-length": String(Buffer.byteLength(body ?? "")),
    },
  };
}

/** The text so far. `isWhole`: false where the limit was reached, or the connection broke. */
function readBody(
  answer: IncomingMessage,
  bytesMax: number,
  ended: (isWhole: boolean) => void,
): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  answer.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax) ended(false);
  });
  answer.on("end", () => ended(answer.complete));
  answer.on("error", () => ended(false));
  return () => Buffer.concat(chunks).subarray(0, bytesMax).toString("utf8");
}

function answered(
  { statusCode, headers }: IncomingMessage,
  body: { readonly text: string; readonly isWhole: boolean },
): AskOutcome {
  const after = headers["retry-after"];
  return {
    kind: "answered",
    status: statusCode ?? 0,
    afterMs: after === undefined ? null : msOf(after),
    ...body,
  };
}

/** Seconds, possibly with a fraction, or a date. */
function msOf(after: string): number | null {
  const seconds = /^\s*\d{1,12}(\.\d+)?\s*$/.test(after) ? Number(after) : null;
  if (seconds !== null) return seconds * MS_PER_SECOND;
  const untilMs = Date.parse(after);
  return Number.isNaN(untilMs) ? null : Math.max(0, untilMs - wallMs());
}

/** Null where the URL is acceptable. */
function wrongOf(url: URL | null): string | null {
  if (url === null) return "the configured URL is not valid";
  if (url.username !== "" || url.password !== "")
    return "the URL must not contain a user or password";
  if (url.protocol === "https:") return null;
  if (url.protocol !== "http:") return "the URL must begin with https://";
  // The path or a header holds a secret.
  return isNear(url.hostname)
    ? null
    : "the URL must begin with https://; http is for an address of a private network, written as such";
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ENOTFOUND: "its name cannot be resolved",
  EAI_AGAIN: "no name server answered",
  ENETUNREACH: "there is no route to it",
  EHOSTUNREACH: "there is no route to it",
  ADDRESS_REFUSED:
    "its name resolves to this machine; configure the address itself if that is intended",
};

/** By its code alone, because messages of the runtime repeat their input. */
function wordsFor(error: Error): string {
  const code = codeOf(error) ?? "unknown error";
  if (/CERT|TLS|SSL|SIGNED|ISSUER/.test(code))
    return `its certificate or TLS is not right (${code})`;
  const words = WORDS[code];
  return words === undefined ? `the request failed (${code})` : `${words} (${code})`;
}
