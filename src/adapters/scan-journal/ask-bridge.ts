/** Asks the bridge on this data directory, over its local socket, to examine every file again. */
import { RELIST_ANSWER, RELIST_REQUEST } from "../../domain/scan/audit.ts";
import { askService } from "../control-socket.ts";
import { bridgeService } from "../../domain/supervision/services.ts";

export type RelistReply =
  | { readonly kind: "asked" }
  /** Nobody listens there: a bridge lists everything when it starts. */
  | { readonly kind: "no_bridge" }
  | { readonly kind: "no_answer"; readonly why: string };

const LIMITS = { withinMs: 5_000, answerCharsMax: 1_000 };

export async function askToRelist(dataDir: string): Promise<RelistReply> {
  const reply = await askService(
    { dataDir, service: bridgeService().name },
    RELIST_REQUEST,
    LIMITS,
  );
  switch (reply.kind) {
    case "answered":
      return reply.line === RELIST_ANSWER
        ? { kind: "asked" }
        : { kind: "no_answer", why: reply.line };
    case "nobody":
      return { kind: "no_bridge" };
    case "no_answer":
      return { kind: "no_answer", why: reply.why };
  }
}
