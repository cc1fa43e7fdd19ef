/** What is asked of a running trader over its local socket, and what it answers: a JSON line each. */
import { z } from "zod";
import { POSTURES } from "../../domain/trading/posture.ts";

export const CONTROL_REQUEST_CHARS_MAX = 16_384;
export const CONTROL_ANSWER_CHARS_MAX = 4 * 1_048_576;
export const TRADES_ANSWERED_MAX = 1_000;

/** Chosen by who asks: the same id again does nothing again. */
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
    /** The share of the cash, before posture sizes it down. */
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
    /** Its id, or its asset. */
    position: z.string().min(1).max(200),
    price: z.number().min(0).max(1e15),
  }),
  z.strictObject({ command: z.literal("halt"), id, by }),
  z.strictObject({ command: z.literal("resume"), id, by }),
  z.strictObject({ command: z.literal("status"), id }),
  /** Of the safety watchdog: what DOLPHIN_SAFETY says, also while Hazelcast is away. */
  z.strictObject({
    command: z.literal("posture"),
    id,
    posture: z.enum(POSTURES),
    entries: z.enum(["go", "stop"]),
    source: z.string().min(1).max(100),
    as_of_ms: z.number(),
  }),
  /** Trades booked by events after `after`, oldest first. */
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
  /** Null while the newest scan has a price for the asset: without one nothing can be exited. */
  no_price_since: z.string().nullable().default(null),
  /** Null where no price does it; older traders do not tell it. */
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
  /** Maintenance margin over what there is for it: liquidated at 1. Null while nothing is held. */
  margin_ratio: z.number().nullable().default(null),
  liquidations: z.int().default(0),
  posture: z.string(),
  /** Whether the watchdog has stopped them. */
  entries: z.enum(["go", "stop"]).default("go"),
  /** By its own clock, of its newest event. */
  as_of_ms: z.number().nullable().default(null),
  /** What an entry needs, without the posture; `age_ms` is null before it was heard. */
  inputs: z
    .array(z.object({ name: z.string(), age_ms: z.number().nullable(), budget_ms: z.number() }))
    .default([]),
  trades: z.int(),
  /** When scans come minus when they say they were true, a running median; null before it is measured. */
  scan_offset_s: z.number().nullable().default(null),
});
export type TraderStatus = z.infer<typeof TraderStatus>;

export const TraderAnswer = z.object({
  id: z.string(),
  ok: z.boolean(),
  /** A sentence; why not, where it is not ok. */
  detail: z.string(),
  status: TraderStatus.nullable(),
  /** The answer to `trades`: the next question begins at `to`. */
  trades: z
    .object({
      from: z.int(),
      to: z.int(),
      trades: z.array(z.object({ index: z.int(), trade: z.record(z.string(), z.unknown()) })),
    })
    .nullable(),
});
export type TraderAnswer = z.infer<typeof TraderAnswer>;
