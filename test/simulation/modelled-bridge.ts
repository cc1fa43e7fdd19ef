/** A model of the scan bridge and its world, one second per step: what it sees, pushes, reports and uses. */
import type { WorkFacts } from "../../src/domain/supervision/verdict.ts";
import { factsOfBridge } from "../../src/wire/facts/bridge-facts.ts";
import { isWithin } from "./fault-script.ts";
import type { FaultScript } from "./fault-script.ts";

const PUSHED_PER_S = 20;
const BASE_MB = 110;
const LEAK_MB_PER_S = 2;
const HANG_SAID_AFTER_S = 5;
const LISTED_EVERY_S = 5;
/** After an outage: a connection, a listing. The facts say ok before any of it has borne fruit. */
const RESUMES_AFTER_S = 8;
export const BYTES_PER_MB = 1_048_576;

export type BridgeProcess = {
  readonly startedS: number;
  isFrozen: boolean;
  isWedged: boolean;
  isLoopStuck: boolean;
  leakSinceS: number | null;
  /** When the files that it knows of and has not pushed were first seen. */
  seen: number[];
  settledS: number;
  listedS: number;
  newestS: number | null;
};

/** Files in the archive that no process has seen yet outlive every process, as do unpushed ones. */
export class BridgeWorld {
  readonly #script: FaultScript;
  #unseen: number;
  #lastArchiveOkS = 0;
  #lastArchiveBadS = Number.NEGATIVE_INFINITY;
  #lastHazelcastBadS = Number.NEGATIVE_INFINITY;

  constructor(script: FaultScript) {
    this.#script = script;
    this.#unseen = script.backlog;
  }

  spawn(nowS: number): BridgeProcess {
    return {
      startedS: nowS,
      isFrozen: false,
      isWedged: false,
      isLoopStuck: false,
      leakSinceS: null,
      seen: [],
      settledS: nowS,
      listedS: nowS,
      newestS: null,
    };
  }

  /** What it had seen and not pushed is found again by the next process. */
  giveBack(process: BridgeProcess): void {
    this.#unseen += process.seen.length;
  }

  write(nowS: number): void {
    const { silences, fileEveryS } = this.#script;
    if (nowS % fileEveryS === 0 && !isWithin(silences, nowS)) this.#unseen += 1;
    if (this.#isArchiveOk(nowS)) this.#lastArchiveOkS = nowS;
    else this.#lastArchiveBadS = nowS;
    if (isWithin(this.#script.hazelcastOutages, nowS)) this.#lastHazelcastBadS = nowS;
  }

  work(process: BridgeProcess, nowS: number): void {
    if (process.isFrozen || process.isWedged) return;
    if (nowS - this.#lastArchiveBadS < RESUMES_AFTER_S) return;
    for (; 0 < this.#unseen; this.#unseen -= 1) process.seen.push(nowS);
    if (nowS % LISTED_EVERY_S === 0) process.listedS = nowS;
    if (process.isLoopStuck || nowS - this.#lastHazelcastBadS < RESUMES_AFTER_S) return;
    const pushed = process.seen.splice(0, PUSHED_PER_S);
    if (pushed.length === 0) return;
    process.settledS = nowS;
    process.newestS = pushed.at(-1) ?? null;
  }

  facts(process: BridgeProcess, nowS: number): WorkFacts {
    const { missing, hazelcastOutages } = this.#script;
    const hungS = nowS - this.#lastArchiveOkS;
    const [oldestS] = process.seen;
    return factsOfBridge({
      archive: isWithin(missing, nowS) ? "missing" : HANG_SAID_AFTER_S < hungS ? "hung" : "ok",
      hazelcast: isWithin(hazelcastOutages, nowS) ? "down" : "ok",
      newestDataAgeS: process.newestS === null ? null : nowS - process.newestS,
      oldestUnpushedAgeS: oldestS === undefined ? null : nowS - oldestS,
      settledAgeS: nowS - process.settledS,
      listedAgeS: nowS - process.listedS,
      backlog: process.seen.length,
    });
  }

  rssBytes(process: BridgeProcess, nowS: number): number {
    const leakedS = process.leakSinceS === null ? 0 : nowS - process.leakSinceS;
    return (BASE_MB + leakedS * LEAK_MB_PER_S) * BYTES_PER_MB;
  }

  unpushed(process: BridgeProcess | null): number {
    return this.#unseen + (process?.seen.length ?? 0);
  }

  #isArchiveOk(nowS: number): boolean {
    return !isWithin(this.#script.hangs, nowS) && !isWithin(this.#script.missing, nowS);
  }
}
