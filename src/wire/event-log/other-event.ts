/** Encodes every event of a trader other than the scan as JSON that reads back to the same bits. */
import { z } from "zod";
import type { ScanEvent, TraderEvent } from "../../domain/trading/events.ts";
import { POSTURES } from "../../domain/trading/posture.ts";

type WithoutIndex<E> = E extends unknown ? Omit<E, "index"> : never;
export type OtherEvent = WithoutIndex<Exclude<TraderEvent, ScanEvent>>;

const nowMs = z.number();
const clientOrderId = z.string();
const reason = z.string();
const fill = z.strictObject({
  number: z.number(),
  quantity: z.number(),
  price: z.number(),
  fee: z.number(),
});
/** JSON has no NaN or infinity, so an age or a reading that is not finite is written as text. */
const anyNumber = z.union([z.number(), z.nan(), z.literal(Infinity), z.literal(-Infinity)]);
const command = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("enter"),
    asset: z.string(),
    direction: z.enum(["long", "short"]),
    share: z.number(),
    plan: z.strictObject({
      takeProfit: anyNumber,
      stopLoss: anyNumber,
      holdScansMax: anyNumber,
      bucket: z.string(),
    }),
  }),
  z.strictObject({ kind: z.literal("flatten") }),
  z.strictObject({ kind: z.literal("close"), position: z.string(), price: z.number() }),
  z.strictObject({ kind: z.literal("halt") }),
  z.strictObject({ kind: z.literal("resume") }),
]);

export const OtherEventSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("started"),
    nowMs,
    configurationHash: z.string(),
    codeHash: z.string(),
    snapshotHash: z.string(),
  }),
  z.strictObject({ kind: z.literal("scan_lost"), nowMs, seq: z.number() }),
  z.strictObject({
    kind: z.literal("feature"),
    nowMs,
    name: z.string(),
    value: anyNumber,
    asOfMs: anyNumber,
    knownMs: anyNumber.optional(),
  }),
  z.strictObject({
    kind: z.literal("book"),
    nowMs,
    asset: z.string(),
    asOfMs: anyNumber,
    // Logs of older releases hold such levels, which are refused now, and must still be readable.
    bids: z.array(anyNumber),
    asks: z.array(anyNumber),
    knownMs: anyNumber.optional(),
  }),
  z.strictObject({
    kind: z.literal("posture"),
    nowMs,
    posture: z.enum([...POSTURES, "UNKNOWN"]),
    entries: z.literal("stop").optional(),
    asOfMs: anyNumber,
    source: z.string(),
  }),
  z.strictObject({ kind: z.literal("tick"), nowMs }),
  z.strictObject({
    kind: z.literal("order_accepted"),
    nowMs,
    clientOrderId,
    brokerOrderId: z.string(),
  }),
  z.strictObject({ kind: z.literal("order_partly_filled"), nowMs, clientOrderId, fill }),
  z.strictObject({ kind: z.literal("order_filled"), nowMs, clientOrderId, fill }),
  z.strictObject({ kind: z.literal("order_rejected"), nowMs, clientOrderId, reason }),
  z.strictObject({ kind: z.literal("order_cancelled"), nowMs, clientOrderId, reason }),
  z.strictObject({ kind: z.literal("order_unknown"), nowMs, clientOrderId, reason }),
  z.strictObject({
    kind: z.literal("operator"),
    nowMs,
    commandId: z.string(),
    by: z.string(),
    command,
  }),
  z.strictObject({ kind: z.literal("day_rolled"), nowMs, day: z.string() }),
]);

/** Values that JSON would change, under a key that no event uses. */
const EXACT = "$number";

/** Without the index, which is in the record's head. */
export function otherEventText(event: OtherEvent): string {
  const content = { ...event, index: undefined };
  // A replacer takes five times as long, and an order book, for which a scan may wait, has eighty numbers.
  return isKeptByJson(content) ? JSON.stringify(content) : JSON.stringify(content, exact);
}

function exact(_key: string, value: unknown): unknown {
  return typeof value === "number" && !isKeptByJson(value)
    ? { [EXACT]: Object.is(value, -0) ? "-0" : String(value) }
    : value;
}

/** Whether every number in it reads back to the same bits. */
function isKeptByJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || value === null) return true;
  return (Array.isArray(value) ? value : Object.values(value)).every(isKeptByJson);
}

/** @throws {Error} that names the field. */
export function parseOtherEvent(text: string): OtherEvent {
  const raw: unknown = JSON.parse(text, (_key, value: unknown) =>
    typeof value === "object" && value !== null && EXACT in value ? Number(value[EXACT]) : value,
  );
  const event = OtherEventSchema.safeParse(raw);
  if (!event.success) throw new Error(`no event of a trader: ${z.prettifyError(event.error)}`);
  return event.data;
}
