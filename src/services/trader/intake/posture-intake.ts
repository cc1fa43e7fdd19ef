/**
 * Takes the postures that reach a book, through Hazelcast or the watchdog's own call, in one order: each that is
 * taken is an event of its log, so a replay sees the same.
 */
import {
  judgePosture,
  type PostureTimes,
  type PostureReport,
} from "../../../domain/safety/newer-posture.ts";
import type { PostureEvent } from "../../../domain/trading/events.ts";
import { budgetOf } from "../../../domain/trading/market/input-ages.ts";
import type { Trader } from "../../../domain/trading/trader.ts";

export type PostureFact = Omit<PostureEvent, "index" | "nowMs">;

export type PostureIntakeDeps = {
  readonly trader: Trader;
  /** False when the journal did not accept it. */
  readonly take: (fact: PostureFact) => boolean;
  readonly clock: { readonly nowMs: () => number; readonly monotonicMs: () => number };
};

/** An unchanged posture becomes an event again only after this time: one a second would fill the log. */
const REFRESH_MS_MAX = 5_000;
const CALLED_FOR_MS = 5_000;

export class PostureIntake {
  readonly #deps: PostureIntakeDeps;
  #calledAtMs = -Infinity;

  constructor(deps: PostureIntakeDeps) {
    this.#deps = deps;
  }

  /** From Hazelcast. True: it need not come again. */
  hear(fact: PostureFact): boolean {
    const isCalled = this.#deps.clock.monotonicMs() - this.#calledAtMs < CALLED_FOR_MS;
    return this.#judge(fact, { isCalled, isCall: false });
  }

  /** From the watchdog. False when the journal did not accept it. */
  call(fact: PostureFact): boolean {
    this.#calledAtMs = this.#deps.clock.monotonicMs();
    return this.#judge(fact, { isCalled: true, isCall: true });
  }

  #judge(fact: PostureFact, by: Pick<PostureTimes, "isCalled" | "isCall">): boolean {
    const { trader, take, clock } = this.#deps;
    const refreshMs = Math.min(REFRESH_MS_MAX, budgetOf(trader, "posture") / 3);
    const times = { nowMs: clock.nowMs(), refreshMs, ...by };
    switch (judgePosture(knownBy(trader), reportOf(fact), times)) {
      case "take":
        return take(fact);
      case "known":
        return true;
      case "later":
        return false;
    }
  }
}

function knownBy({ data: { posture } }: Trader): PostureReport {
  const { value, asOfMs, areEntriesStopped } = posture;
  return { posture: value, entries: areEntriesStopped === true ? "stop" : "go", asOfMs };
}

function reportOf({ posture, entries, asOfMs }: PostureFact): PostureReport {
  return { posture, entries: entries ?? "go", asOfMs };
}
