/** What is asked of a running trader over its local socket, and what it answers: a JSON line each. */
import { z } from "zod";

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
    /** Of the cash, before posture sizes it down. */
    share: share.default(0.2),
    take_profit: ratio.default(0.0095),
    stop_loss: ratio.default(0.01),
    hold_scans_max: z.int().min(1).max(100_000).default(120),
  }),
  z.strictObject({ command: z.literal("flatten"), id, by }),
  z.strictObject({ command: z.literal("halt"), id, by }),
  z.strictObject({ command: z.literal("resume"), id, by }),
  z.strictObject({ command: z.literal("status"), id }),
  /** Trades booked by events after `after`, oldest first. */
  z.strictObject({
    command: z.literal("trades"),
    id,
    after: z.int().min(0),
    max: z.int().min(1).max(TRADES_ANSWERED_MAX).default(100),
  }),
]);
export type TraderRequest = z.infer<typeof TraderRequest>;
export type OperatorRequest = Exclude<TraderRequest, { command: "status" | "trades" }>;

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
});

export const TraderStatus = z.object({
  book: z.string(),
  /** `running`, `warming`, `halted`, `latched: <limits>` or `no entries: posture <which>`. */
  state: z.string(),
  strategy: z.string(),
  cash: z.number(),
  equity: z.number(),
  positions: z.array(position),
  orders_working: z.array(z.string()),
  last_seq: z.int(),
  /** Of the newest event in the journal. */
  last_index: z.int(),
  warm: z.boolean(),
  halted: z.boolean(),
  latched: z.array(z.string()),
  posture: z.string(),
  trades: z.int(),
});
export type TraderStatus = z.infer<typeof TraderStatus>;

export const TraderAnswer = z.object({
  id: z.string(),
  ok: z.boolean(),
  /** A sentence; why not, where it is not ok. */
  detail: z.string(),
  status: TraderStatus.nullable(),
  /** Of `trades`: what is asked for next is `to`. */
  trades: z
    .object({
      from: z.int(),
      to: z.int(),
      trades: z.array(z.object({ index: z.int(), trade: z.record(z.string(), z.unknown()) })),
    })
    .nullable(),
});
export type TraderAnswer = z.infer<typeof TraderAnswer>;
