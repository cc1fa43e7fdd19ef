/**
 * Unary gRPC calls to Temporal without TLS over Node's own HTTP/2, in place of a client that takes 15 MB more. Every call has a
 * deadline; a connection that has ended is made anew by the next call, and what failed on the way is tried again until
 * the deadline, as the SDK does.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../../domain/failure.ts";
import { monotonicMs } from "../../clock.ts";
import { atDeadline } from "../../hazelcast/under-deadline.ts";
import { type TemporalCall, TemporalCallError } from "../temporal-reads.ts";

export type ThinCalls = { readonly call: TemporalCall; close(): void };

type Place = {
  /** `host:port` */
  readonly address: string;
  readonly namespace: string;
  readonly deadlineMs: number;
};

const SERVICE = "/temporal.api.workflowservice.v1.WorkflowService/";
/** Compression flag, and the length of the message. */
const PREFIX_BYTES = 5;
const RESPONSE_BYTES_MAX = 134_217_728;
/** UNKNOWN, RESOURCE_EXHAUSTED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS: as in the SDK. */
const RETRIED: readonly number[] = [2, 8, 10, 11, 14, 15];
const DEADLINE_EXCEEDED = 4;
const INTERNAL = 13;
const UNAVAILABLE = 14;
/** The last of several tries may have had no time to be answered. */
const FAIR_MS = 200;
const RETRY_FIRST_MS = 100;
const RETRY_FACTOR = 1.7;
const RETRY_MS_MAX = 1_000;

/** Connects at the first call. */
export function createThinCalls(place: Place): ThinCalls {
  let line: Line | null = null;
  let isClosed = false;
  const connected = (): Line => {
    if (isClosed) throw new TemporalCallError("the connection is closed", { status: UNAVAILABLE });
    if (line !== null && !line.session.closed && !line.session.destroyed) return line;
    const session = connect(`http://${place.address}`, { settings: { enablePush: false } });
    // Each of its calls fails with it.
    session.on("error", () => undefined);
    line = { session, heardMs: Number.NEGATIVE_INFINITY };
    return line;
  };
  return {
    async call({ method, request, deadlineMs = place.deadlineMs }) {
      const endMs = monotonicMs() + deadlineMs;
      for (
        let retryMs = RETRY_FIRST_MS;
        ;
        retryMs = Math.min(RETRY_MS_MAX, retryMs * RETRY_FACTOR)
      ) {
        const leftMs = endMs - monotonicMs();
        try {
          const about = { place, method, request, leftMs, deadlineMs };
          return await callOnce(connected(), about);
        } catch (error) {
          const isFinal = !(error instanceof TemporalCallError) || !RETRIED.includes(error.status);
          if (isClosed || isFinal || endMs <= monotonicMs() + retryMs) throw error;
          await delay(retryMs);
        }
      }
    },
    close() {
      isClosed = true;
      line?.session.destroy();
    },
  };
}

type Line = {
  readonly session: ClientHttp2Session;
  /** The last response to any call. */
  heardMs: number;
};
type Call = {
  readonly place: Place;
  readonly method: string;
  readonly request: Buffer;
  readonly leftMs: number;
  readonly deadlineMs: number;
};

function callOnce(line: Line, about: Call): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { place, deadlineMs } = about;
    const { session } = line;
    const startedMs = monotonicMs();
    const stream = requestOn(session, about);
    const chunks: Buffer[] = [];
    let length = 0;
    let headers: Headers = {};
    let problem: string | null = null;
    const cancel = atDeadline(about.leftMs, () => {
      const why = `Temporal at ${place.address} did not answer in ${deadlineMs} ms`;
      const error = new TemporalCallError(why, { status: DEADLINE_EXCEEDED });
      reject(error);
      stream.close(constants.NGHTTP2_CANCEL);
      // Silent to all calls since: the connection may be dead. A slow answer to one must not cost the others theirs.
      if (line.heardMs < startedMs && FAIR_MS <= about.leftMs) session.destroy(error);
    });
    stream.on("response", (received) => {
      line.heardMs = monotonicMs();
      headers = { ...headers, ...received };
    });
    stream.on("trailers", (received: Headers) => (headers = { ...headers, ...received }));
    stream.on("data", (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (RESPONSE_BYTES_MAX < length) stream.close(constants.NGHTTP2_CANCEL);
    });
    // A stream that its connection has cancelled says only that.
    stream.on("error", (error) => (problem = messageOf(error.cause ?? error)));
    stream.on("close", () => {
      cancel();
      try {
        resolve(answerIn(headers, Buffer.concat(chunks), problem));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

function requestOn(session: ClientHttp2Session, { place, method, request, leftMs }: Call) {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(request.length, 1);
  let stream: ClientHttp2Stream;
  try {
    stream = session.request({
      ":method": "POST",
      ":path": `${SERVICE}${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": `${Math.max(1, Math.round(leftMs))}m`,
      "temporal-namespace": place.namespace,
    });
  } catch (error) {
    // The server has said good-bye on it a moment ago.
    throw new TemporalCallError(messageOf(error), { status: UNAVAILABLE });
  }
  stream.end(Buffer.concat([prefix, request]));
  return stream;
}

type Headers = Readonly<Record<string, unknown>>;

function answerIn(headers: Headers, body: Buffer, problem: string | null): Buffer {
  const code = headers["grpc-status"];
  const status = code === undefined ? UNAVAILABLE : Number(code);
  if (status !== 0) {
    const { "grpc-message": message, ":status": http } = headers;
    const why = typeof message === "string" ? decoded(message) : problem;
    const details = headers["grpc-status-details-bin"];
    throw new TemporalCallError(
      why ?? `no gRPC status (HTTP ${typeof http === "number" ? http : "none"})`,
      {
        status,
        details: Buffer.from(typeof details === "string" ? details : "", "base64"),
      },
    );
  }
  if (body.length < PREFIX_BYTES || body.readUInt8(0) !== 0) {
    throw new TemporalCallError("no message, or a compressed one", { status: INTERNAL });
  }
  const message = body.subarray(PREFIX_BYTES);
  if (message.length === body.readUInt32BE(1)) return message;
  throw new TemporalCallError("the message is cut off", { status: INTERNAL });
}

/** gRPC percent-encodes messages. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
