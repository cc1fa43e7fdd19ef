/** The Temporal client of processes that do more than look: whether the server answers, and its search attributes. */
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from "@temporalio/client";
import { SEARCH_ATTRIBUTES } from "../workflows/names.ts";
import { monotonicMs } from "./clock.ts";
import { CALL_LIMITS, type CallLimits, limitOf } from "./temporal/call-limits.ts";
import { sdkCalls } from "./temporal/sdk-calls.ts";
import { temporalAddress, type TemporalAddress } from "./temporal/temporal-address.ts";
import { type TemporalReads, temporalReads } from "./temporal/temporal-reads.ts";

export type TemporalClient = {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: TemporalAddress;
  /** On the same connection. */
  readonly reads: TemporalReads;
  /** How many tries of calls ended because nobody accepts connections there. */
  readonly refusals: () => number;
  readonly close: () => Promise<void>;
};

const ANSWER_MS_MAX = 500;
/** temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD */
const KEYWORD = 2;
/** grpc.status.UNAVAILABLE */
const UNAVAILABLE = 14;
/** Also the longest time that a call goes on after its connection was closed. */
const RETRY_DELAY_MS_MAX = 1_000;
/** After an outage the next try comes within a second, not within gRPC's two minutes. */
const RECONNECT = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.min_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
};

/**
 * Connects at the first call; a server that is away costs nothing until then. Every call ends: by its caller's deadline,
 * or within these limits.
 */
export function connectTemporal(
  address?: string,
  limits: CallLimits = CALL_LIMITS,
): TemporalClient {
  const found = temporalAddress(address);
  const { address: target, tls, apiKey, metadata } = found.options;
  const retries = createRetries();
  const connection = Connection.lazy({
    ...(target === undefined ? {} : { address: target }),
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
    channelArgs: RECONNECT,
    interceptors: [(options, next) => retries.interceptor(withDeadline(options, limits), next)],
  });
  const client = new Client({ connection, namespace: found.namespace });
  const close = async () => {
    retries.end();
    await connection.close();
  };
  const reads = temporalReads(found.namespace, sdkCalls(connection, found.namespace));
  return { client, connection, address: found, reads, refusals: retries.refusals, close };
}

/** On its connection, with calls that end sooner than its own. */
export function readsWithin(
  { connection, address: { namespace } }: TemporalClient,
  deadlineMs: number,
): TemporalReads {
  return temporalReads(namespace, sdkCalls(connection, namespace, deadlineMs));
}

/** One for all tries of the call. */
function withDeadline(options: Parameters<Interceptor>[0], limits: CallLimits): typeof options {
  if (options.deadline !== undefined) return options;
  return { ...options, deadline: Date.now() + limitOf(options.method_definition.path, limits) };
}

type Interceptor = ReturnType<typeof makeGrpcRetryInterceptor>;
type Call = ReturnType<Parameters<Interceptor>[1]>;
type Status = Parameters<ReturnType<typeof defaultGrpcRetryOptions>["retryableDecider"]>[1];

/**
 * Temporal's own retries, except those that come due on a closed connection: they would throw "Channel has been shut
 * down" in a timer, where nobody can catch it, and the call would never end. Instead the call ends with the error of
 * its last try.
 */
function createRetries() {
  const usual = defaultGrpcRetryOptions();
  let isEnded = false;
  let refusals = 0;
  const interceptor: Interceptor = (options, next) => {
    let failure: Status | null = null;
    const retrying = makeGrpcRetryInterceptor({
      retryableDecider(attempt, status) {
        failure = status;
        const code: number = status.code;
        if (code === UNAVAILABLE) refusals += 1;
        return !isEnded && usual.retryableDecider(attempt, status);
      },
      delayFunction: (attempt, status) =>
        Math.min(RETRY_DELAY_MS_MAX, usual.delayFunction(attempt, status)),
    });
    return retrying(options, (again) =>
      isEnded && failure !== null ? failedCall(failure) : next(again),
    );
  };
  const end = (): void => {
    isEnded = true;
  };
  return { interceptor, end, refusals: () => refusals };
}

function failedCall(status: Status): Call {
  return {
    start: (_, listener) => listener?.onReceiveStatus?.(status),
    cancelWithStatus() {},
    getPeer: () => "",
    sendMessageWithContext() {},
    sendMessage() {},
    startRead() {},
    halfClose() {},
    getAuthContext: () => null,
  };
}

/** Whether the server answers; by default within half a second, enough on a warm connection. */
export async function temporalAnswers(
  { connection }: TemporalClient,
  withinMs: number = ANSWER_MS_MAX,
): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + withinMs, () =>
      connection.workflowService.getSystemInfo({}),
    );
    return true;
  } catch {
    return false;
  }
}

/** Of a first call, which includes the connection. */
const FIRST_ANSWER = { refusedMs: 5_000, slowMs: CALL_LIMITS.answerMs };

/**
 * Whether the server answers a first call. Where nobody accepts connections, only as long as a server takes that is
 * restarted; one that accepts and is slow, as on a busy machine, has as long as for any call.
 */
export async function temporalAnswersFirst(
  temporal: TemporalClient,
  { refusedMs, slowMs } = FIRST_ANSWER,
): Promise<boolean> {
  const before = temporal.refusals();
  if (await temporalAnswers(temporal, refusedMs)) return true;
  if (before < temporal.refusals()) return false;
  return temporalAnswers(temporal, slowMs - refusedMs);
}

type Known = { readonly has: boolean; readonly untilMs: number };
const known = new WeakMap<TemporalClient, Known>();
/** Attributes only disappear when the whole database is lost, and then they are created again within seconds. */
const HAS_KNOWN_MS = 600_000;
const HAS_NOT_KNOWN_MS = 5_000;

/**
 * Whether the server knows our search attributes: an upsert of an unknown one blocks a workflow. Remembered for a while: each
 * time that it lists them, Temporal's server (1.32) opens a connection to itself which it keeps for half an hour.
 */
export async function hasSearchAttributes(temporal: TemporalClient): Promise<boolean> {
  const before = known.get(temporal);
  const nowMs = monotonicMs();
  if (before !== undefined && nowMs < before.untilMs) return before.has;
  const has = (await missingSearchAttributes(temporal)).length === 0;
  known.set(temporal, { has, untilMs: nowMs + (has ? HAS_KNOWN_MS : HAS_NOT_KNOWN_MS) });
  return has;
}

/** Idempotent; returns the names that were missing. */
export async function addSearchAttributes(temporal: TemporalClient): Promise<readonly string[]> {
  const missing = await missingSearchAttributes(temporal);
  if (0 < missing.length) {
    await temporal.connection.operatorService.addSearchAttributes({
      namespace: temporal.address.namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  }
  return missing;
}

async function missingSearchAttributes(temporal: TemporalClient): Promise<readonly string[]> {
  const { namespace } = temporal.address;
  const { customAttributes } = await temporal.connection.operatorService.listSearchAttributes({
    namespace,
  });
  return SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
}
