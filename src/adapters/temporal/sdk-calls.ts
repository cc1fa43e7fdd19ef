/** The same calls over the SDK's connection: with TLS, API keys, metadata and proxies, and with the deadline around it. */
import type { Connection } from "@temporalio/client";
import { messageOf } from "../../domain/failure.ts";
import { wallMs } from "../clock.ts";
import { type TemporalCall, TemporalCallError } from "./temporal-reads.ts";

const UNKNOWN = 2;

export function sdkCalls(
  connection: Connection,
  namespace: string,
  /** Of a call that has none; absent: the connection's own. */
  usualMs?: number,
): TemporalCall {
  const metadata = { "temporal-namespace": namespace };
  return async ({ method, request, deadlineMs = usualMs }) => {
    const asked = () => connection.withMetadata(metadata, () => send(connection, method, request));
    if (deadlineMs === undefined) return asked();
    return connection.withDeadline(wallMs() + deadlineMs, asked);
  };
}

/** The SDK's transport takes messages as bytes, and of a method only its name. */
type RawTransport = (
  method: { readonly name: string },
  request: Uint8Array,
  done: (error: Error | null, response?: Uint8Array | null) => void,
) => void;

function send({ workflowService }: Connection, method: string, request: Buffer): Promise<Buffer> {
  const transport: unknown = workflowService.rpcImpl?.bind(workflowService);
  assertTransport(transport);
  return new Promise((resolve, reject) => {
    transport({ name: method }, request, (error, response) => {
      if (error === null) resolve(Buffer.from(response ?? []));
      else reject(callError(error));
    });
  });
}

function assertTransport(found: unknown): asserts found is RawTransport {
  if (typeof found !== "function") throw new TypeError("the SDK has no transport for bytes");
}

function callError(error: Error & { readonly code?: unknown; readonly details?: unknown }) {
  const { code, details, metadata } = error as typeof error & {
    readonly metadata?: { get(key: string): readonly (string | Buffer)[] };
  };
  const [bytes] = metadata?.get("grpc-status-details-bin") ?? [];
  const message = typeof details === "string" ? details : messageOf(error);
  return new TemporalCallError(message, {
    status: typeof code === "number" ? code : UNKNOWN,
    ...(bytes === undefined ? {} : { details: Buffer.from(bytes) }),
  });
}
