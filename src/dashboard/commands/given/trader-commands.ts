/** `halt`, `resume`, `enter` and `flatten` of a book: over the trader's local socket, like the verbs of `dolphin`. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { BOOKS } from "../../../domain/trading/books.ts";
import { type CommandReply, tellTrader } from "../../../operations/trader/tell-trader.ts";
import {
  readTraderRequest,
  type TraderAnswer,
  type TraderStatus,
} from "../../../wire/trading/trader-control.ts";
import { command, type DashboardAnswer, type CommandContext } from "./command.ts";

const WITHIN_MS = 10_000;
const FLAT_WITHIN_MS = 15_000;
const FLATTEN_WITHIN_MS = 30_000;
const SHOWN_MAX = 20;

const book = z.enum(BOOKS);
const plain = z.strictObject({ book });

export const halt = command(plain, WITHIN_MS, (input, context) =>
  tell(input.book, { command: "halt" }, context),
);

export const resume = command(plain, WITHIN_MS, (input, context) =>
  tell(input.book, { command: "resume" }, context),
);

/** The trader's own schema validates the values. */
const entry = z.strictObject({
  book,
  asset: z.string(),
  direction: z.string(),
  share: z.number().optional(),
  take_profit: z.number().optional(),
  stop_loss: z.number().optional(),
  hold_scans_max: z.number().optional(),
});

export const enter = command(entry, WITHIN_MS, ({ book: named, ...order }, context) =>
  tell(named, { command: "enter", ...order }, context),
);

export const flatten = command(
  z.strictObject({ book, confirm: z.string().max(100).optional() }),
  FLATTEN_WITHIN_MS,
  async ({ book: named, confirm }, context) => {
    const status = await statusOf(named, context);
    if (typeof status === "string") return { ok: false, says: status };
    const { confirmations, session, nowMs } = context;
    const about = { session, about: `flatten ${named}`, ids: idsOf(status) };
    const judged = confirm === undefined ? null : confirmations.take(confirm, about, nowMs);
    if (judged === "good") return tell(named, { command: "flatten" }, context);
    return {
      // The first step succeeds by showing the list; a second step with an invalid nonce has done nothing.
      ok: judged === null,
      says: `${BEFORE[judged ?? "asked"]}${wouldSay(named, status)}`,
      confirm: confirmations.show(about, nowMs),
      would: wouldClose(status),
    };
  },
);

const BEFORE = {
  asked: "",
  unknown: "this confirmation is too old or was used, so nothing was done now: ",
  more: "more is open now than was shown, so nothing was done now: ",
};

async function tell(
  named: string,
  request: Readonly<Record<string, unknown>>,
  { dataDir, id, by }: CommandContext,
): Promise<DashboardAnswer> {
  const read = readTraderRequest({ ...request, id, by });
  if (typeof read === "string") return { ok: false, says: read };
  const reply = await tellTrader(dataDir, named, { request: read, flatWithinMs: FLAT_WITHIN_MS });
  return answerOf(named, reply);
}

/** A flattened book that still holds something is halted but not flat: that is not done. */
export function answerOf(named: string, { answer, left }: CommandReply): DashboardAnswer {
  const says = `${named}: ${answer.detail}`;
  if (left.length === 0) return { ok: answer.ok, says: `${says}${standing(answer)}` };
  const still = left.map(({ why }) => why).join("; ");
  return {
    ok: false,
    says: `${says}; halted, still open: ${still}${standing(answer)}`,
    outcome: "partly",
  };
}

function standing({ status }: TraderAnswer): string {
  if (status === null) return "";
  return `; ${status.state === "running" ? "trading" : status.state}, seq ${status.last_seq}`;
}

/** A sentence where it is not available. */
async function statusOf(
  named: string,
  { dataDir }: CommandContext,
): Promise<TraderStatus | string> {
  const request = { command: "status", id: randomUUID() } as const;
  const { answer } = await tellTrader(dataDir, named, { request, flatWithinMs: 0 });
  return answer.status ?? answer.detail;
}

function idsOf({ positions, orders_working: orders }: TraderStatus): ReadonlySet<string> {
  return new Set([...positions.map(({ id }) => id), ...orders]);
}

function wouldSay(named: string, { positions, orders_working: orders }: TraderStatus): string {
  const on = orders.length === 0 ? "" : `, cancel ${orders.length} orders`;
  return `would close ${positions.length} positions of ${named}${on}, and halt the book`;
}

function wouldClose({ positions }: TraderStatus): readonly string[] {
  const shown = positions
    .slice(0, SHOWN_MAX)
    .map(
      ({ asset, direction, quantity, mark, unrealized }) =>
        `${direction} ${quantity} ${asset} at ${mark}, ${unrealized.toFixed(2)} unrealized`,
    );
  const more = positions.length - shown.length;
  return more === 0 ? shown : [...shown, `and ${more} more`];
}
