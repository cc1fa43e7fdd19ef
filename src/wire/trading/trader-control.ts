/** Requests to a running trader over its local socket, and its answers, one JSON line each. */
import { z } from "zod";
import { POSTURES } from "../../domain/trading/posture.ts";

export const CONTROL_REQUEST_CHARS_MAX = 16_384;
export const CONTROL_ANSWER_CHARS_MAX = 4 * 1_048_576;
export const TRADES_ANSWERED_MAX = 1_000;

/** Idempotency key, chosen by the requester: the same id again has no effect. */
const id = z.string().min(1).max(200);
const by = z.string().min(1).max(100).default("operator");
const share = z.number().positive().max(1);
const ratio = z.number().positive().max(1);

export const TraderRequest = z.discriminatedUnion("command", [
  z.strictObject({
    command: z.literal("enter"),
    id,
    by,
    asset: z.string().min(1).max(64),
    direction: z.enum(["long", "short"]),
    /** Share of the cash, before the posture scales it. */
    share: share.default(0.2),
    take_profit: ratio.default(0.0095),
    stop_loss: ratio.default(0.01),
    hold_scans_max: z.int().min(1).max(100_000).default(120),
  }),
  z.strictObject({ command: z.literal("flatten"), id, by }),
  /** In the book alone: no order is sent. */
  z.strictObject({
    command: z.literal("close"),
    id,
    by,
    /** The position's id, or its asset. */
    position: z.string().min(1).max(200),
    price: z.number().min(0).max(1e15),
  }),
  z.strictObject({ command: z.literal("halt"), id, by }),
  z.strictObject({ command: z.literal("resume"), id, by }),
  z.strictObject({ command: z.literal("status"), id }),
  /** From the safety watchdog: the content of DOLPHIN_SAFETY, which thus arrives while Hazelcast is away. */
  z.strictObject({
    command: z.literal("posture"),
    id,
    posture: z.enum(POSTURES),
    entries: z.enum(["go", "stop"]),
    source: z.string().min(1).max(100),
    as_of_ms: z.number(),
  }),
  /** Trades booked by events after index `after`, oldest first. */
  z.strictObject({
    command: z.literal("trades"),
    id,
    after: z.int().min(0),
    max: z.int().min(1).max(TRADES_ANSWERED_MAX).default(100),
  }),
]);
export type TraderRequest = z.infer<typeof TraderRequest>;
export type OperatorRequest = Exclude<TraderRequest, { command: "status" | "trades" | "posture" }>;

/** The request, or a sentence that names what is wrong with it. */
export function readTraderRequest(raw: unknown): TraderRequest | string {
  const request = TraderRequest.safeParse(raw);
  if (request.success) return request.data;
  return request.error.issues
    .map((issue) => `${issue.path.join(".") || "request"}: ${issue.message}`)
    .join("; ");
}

const position = z.object({
  id: z.string(),
  asset: z.string(),
  direction: z.enum(["long", "short"]),
  quantity: z.number(),
  entry_price: z.number(),
  mark: z.number(),
  unrealized: z.number(),
  /** Null while the newest scan has a price for the asset: without one no exit can be filled. */
  no_price_since: z.string().nullable().default(null),
  /** Null where no price liquidates it; older traders do not send it. */
  liquidation_price: z.number().nullable().default(null),
});

export const TraderStatus = z.object({
  book: z.string(),
  /** `running`, `warming`, `halted`, `bankrupt`, `latched: <limits>`, `no entries: posture <which>`, `no decisions: scans are N s off`. */
  state: z.string(),
  strategy: z.string(),
  cash: z.number(),
  equity: z.number(),
  positions: z.array(position),
  orders_working: z.array(z.string()),
  last_seq: z.int(),
  /** The index of the newest event in the journal. */
  last_index: z.int(),
  warm: z.boolean(),
  halted: z.boolean(),
  latched: z.array(z.string()),
  /** Maintenance margin divided by the equity that backs it: liquidated at 1. Null while nothing is held. */
  margin_ratio: z.number().nullable().default(null),
  liquidations: z.int().default(0),
  posture: z.string(),
  /** Whether the watchdog has stopped entries. */
  entries: z.enum(["go", "stop"]).default("go"),
  /** The trader's own time of its newest event. */
  as_of_ms: z.number().nullable().default(null),
  /** The inputs that an entry needs, without the posture; `age_ms` is null before the first value. */
  inputs: z
    .array(z.object({ name: z.string(), age_ms: z.number().nullable(), budget_ms: z.number() }))
    .default([]),
  trades: z.int(),
  /** Arrival time minus `as_of` of the scans, as a running median; null before it is measured. */
  scan_offset_s: z.number().nullable().default(null),
});
export type TraderStatus = z.infer<typeof TraderStatus>;

export const TraderAnswer = z.object({
  id: z.string(),
  ok: z.boolean(),
  /** A sentence; the reason where `ok` is false. */
  detail: z.string(),
  status: TraderStatus.nullable(),
  /** The answer to `trades`: the next request begins at `to`. */
  trades: z
    .object({
      from: z.int(),
      to: z.int(),
      trades: z.array(z.object({ index: z.int(), trade: z.record(z.string(), z.unknown()) })),
    })
    .nullable(),
});
export type TraderAnswer = z.infer<typeof TraderAnswer>;
