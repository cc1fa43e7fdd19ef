/**
 * The pump: carries out the acts that `nextAct` decides from its observations. It reads waiting files, sends them to
 * the cluster, and in between checks that no newer bridge writes, and reviews unfinished files.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { nextAct, type PumpAct } from "../../../domain/scan/pump-act.ts";
import { tick } from "../commit/tick.ts";
import type { Candidate } from "../intake/intake.ts";
import type { Rounds } from "../intake/rounds.ts";
import type { Telemetry } from "../telemetry.ts";
import { BatchReader, type BatchReaderDeps } from "./batch-reader.ts";
import { BatchSender, type BatchSenderDeps } from "./batch-sender.ts";
import { Nap } from "./nap.ts";
import { Observed, type ObservedDeps, type PumpFacts } from "./observed.ts";
import { RoundLoop } from "./round-loop.ts";

type Parts = Omit<BatchReaderDeps, "observed"> & Omit<BatchSenderDeps, "observed"> & ObservedDeps;
export type PumpDeps = Parts & {
  readonly rounds: Rounds;
  readonly stopping: () => boolean;
};

export type PumpReport = {
  /** One phrase for the operator. */
  readonly state: string;
  readonly facts: PumpFacts;
  readonly summary: ReturnType<Telemetry["summary"]>;
};

/** About five milliseconds of work. */
const HASHES_PER_TURN = 5_000;

export class Pump {
  readonly #deps: PumpDeps;
  readonly #observed: Observed;
  readonly #reader: BatchReader;
  readonly #sender: BatchSender;
  readonly #roundLoop: RoundLoop;
  readonly #nap = new Nap();
  #waitsFor: "nothing" | "files" | "journal" = "nothing";
  /** The cluster's answer to the last batch. */
  #answer: Promise<void> | null = null;
  /** The live scan that ended a wait for files, in progress. */
  #live: Promise<void> | null = null;
  #hasRoundLoopFailed = false;

  constructor(deps: PumpDeps) {
    this.#deps = deps;
    this.#observed = new Observed(deps);
    const parts = { ...deps, observed: this.#observed };
    this.#reader = new BatchReader(parts);
    this.#sender = new BatchSender(parts);
    this.#roundLoop = new RoundLoop(deps, this.#observed.progress, () => this.#endWaitForFiles());
  }

  /** Runs until it is asked to stop. @throws {FencedError} when a newer bridge writes. */
  async run(): Promise<void> {
    const { rounds, stopping, nowMs } = this.#deps;
    const background = this.#roundLoop.run(await rounds.run());
    this.#observed.progress.settled();
    // A failure of one loop ends the other one, too.
    background.catch(() => {
      this.#hasRoundLoopFailed = true;
      this.wake();
    });
    for (;;) {
      const isStopping = stopping() || this.#hasRoundLoopFailed;
      const act = nextAct(this.#observed.view(isStopping, this.#answer !== null), nowMs());
      if (act.kind === "end") break;
      await this.#do(act);
    }
    this.wake();
    await background;
    await this.#tick();
  }

  /** An event named a file: it is examined soon, or, while the pump waits for files, before this returns. */
  hint(file: string): void {
    const { intake } = this.#deps;
    const candidate = this.#waitsFor === "files" ? intake.alone(file) : null;
    if (candidate === null) {
      intake.offer(file);
      if (0 < intake.length) this.#endWaitForFiles();
      return;
    }
    this.#waitsFor = "nothing";
    this.#live = this.#pushLive(candidate);
    this.#nap.end();
  }

  /** The archive's root changed, or files were left out: list soon. */
  wakeRound(): void {
    this.#roundLoop.wake();
  }

  /** An audit found holes. */
  relist(): void {
    this.#deps.rounds.forget();
    this.#observed.ring.isAsked = true;
    this.wakeRound();
  }

  wake(): void {
    this.#nap.end();
    this.#roundLoop.wake();
  }

  /** A listing progresses: no file operation hangs, which says nothing about the loop. */
  listed(): void {
    this.#observed.progress.listed(0);
    this.#deps.onAlive();
  }

  /** Day folder of the newest scan in order. */
  newestDay(): string | null {
    return this.#observed.newest?.name.slice(0, 10) ?? null;
  }

  report(): PumpReport {
    const { telemetry, nowMs } = this.#deps;
    const { trouble } = this.#sender;
    return {
      state: trouble === null ? "running" : `waiting: journal (${trouble})`,
      facts: this.#observed.facts(),
      summary: telemetry.summary(nowMs()),
    };
  }

  #do(act: Exclude<PumpAct, { kind: "end" }>): Promise<void> {
    switch (act.kind) {
      case "take":
        return this.#take();
      case "await answer":
        return this.#answered();
      case "tick":
        this.#observed.ticking();
        if (this.#deps.intake.hasOverflowed) this.wakeRound();
        return this.#tick();
      case "review":
        return this.#review();
      case "learn":
        return this.#learn();
      case "wait":
        return this.#wait(act);
    }
  }

  /** In a backlog this batch is read while the cluster works on the previous one. */
  async #take(): Promise<void> {
    this.#observed.turned();
    const batch = await this.#reader.read();
    await this.#answered();
    const rows = this.#sender.journal(batch);
    if (rows === null) return;
    this.#answer = this.#sender.send(batch, rows);
    // Awaited in a later act; until then this avoids an unhandled rejection.
    this.#answer.catch(() => {});
  }

  async #answered(): Promise<void> {
    await this.#answer;
    this.#answer = null;
  }

  async #tick(): Promise<void> {
    // A refill reads the database.
    if (!this.#sender.flush()) return;
    this.#observed.doneSeq = await tick(this.#deps, this.#observed);
  }

  async #review(): Promise<void> {
    const verdicts = this.#deps.unfinished.review();
    this.#observed.reviewed();
    const batch = { scans: [], verdicts };
    if (0 < verdicts.length && this.#sender.journal(batch) !== null) this.#sender.settleAll(batch);
  }

  async #learn(): Promise<void> {
    const isAll = this.#deps.journal.learnHashes(HASHES_PER_TURN);
    this.#observed.learned(isAll);
    if (!isAll) await nextTurn();
  }

  async #wait({ for: what, ms }: Extract<PumpAct, { kind: "wait" }>): Promise<void> {
    this.#observed.turned();
    this.#waitsFor = what;
    await this.#nap.take(ms);
    this.#waitsFor = "nothing";
    await this.#live;
    this.#live = null;
  }

  /** The journal is retried after its delay: further files would only wait as well. */
  #endWaitForFiles(): void {
    if (this.#waitsFor !== "journal") this.#nap.end();
  }

  /** One scan from its file to the cluster, sent without a turn of the event loop in between. */
  async #pushLive(candidate: Candidate): Promise<void> {
    const read = this.#reader.readOne(candidate);
    const batch = read instanceof Promise ? await read : read;
    const rows = this.#sender.journal(batch);
    if (rows !== null) await this.#sender.send(batch, rows);
  }
}
