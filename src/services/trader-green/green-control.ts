/** Answers GREEN's local socket: queries only. GREEN follows the commands that operators give BLUE. */
import type { TradeFile } from "../../adapters/event-log/trade-file.ts";
import { type TraderAnswer, TraderRequest } from "../../wire/trading/trader-control.ts";
import { traderStatusOf } from "../book-status.ts";
import type { GreenBook } from "./green-book.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

export type GreenControlDeps = {
  readonly book: Pick<GreenBook, "shadow" | "index">;
  readonly trades: Pick<TradeFile, "since">;
};

/** Every answer is one line; an unreadable request gets one, too. */
export async function answerGreen(deps: GreenControlDeps, line: string): Promise<string> {
  return JSON.stringify(await answerTo(deps, line));
}

async function answerTo({ book, trades }: GreenControlDeps, line: string): Promise<TraderAnswer> {
  const request = TraderRequest.safeParse(jsonOrNull(line));
  if (!request.success) {
    return plain("", false, "unknown request");
  }
  const { id, command } = request.data;
  switch (command) {
    case "status": {
      const status = { ...traderStatusOf(book.shadow.green), last_index: book.index };
      return { ...plain(id, true, "following BLUE"), status };
    }
    case "trades": {
      const { after, max } = request.data;
      const found = await trades.since(after, max);
      const copies = found.map(({ index, trade }) => ({ index, trade: { ...trade } }));
      const answer = { from: after + 1, to: copies.at(-1)?.index ?? after, trades: copies };
      return { ...plain(id, true, `${copies.length} trades`), trades: answer };
    }
    case "posture":
    case "enter":
    case "close":
    case "flatten":
    case "halt":
    case "resume":
      return plain(
        id,
        false,
        `GREEN follows BLUE's commands, so that both stay comparable: send '${command}' to BLUE`,
      );
  }
}

function plain(id: string, ok: boolean, detail: string): TraderAnswer {
  return { id, ok, detail, status: null, trades: null };
}
