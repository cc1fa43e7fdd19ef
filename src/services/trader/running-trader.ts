/** A trader at work: its book, what it hears, its ticks, what it shows, and how it ends. */
import type { ScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import type { ScanLookup } from "../../adapters/journal/scan-lookup.ts";
import type { TradeFile } from "../../adapters/trading-journal/trade-file.ts";
import type { TradingLog } from "../../adapters/trading-journal/trading-log.ts";
import type { PaperBroker } from "../../domain/trading/broker/paper-broker.ts";
import { publishedOf } from "../../domain/trading/published.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { ServiceBeat } from "../../wire/control-pipe.ts";
import { parsePosture } from "../../wire/trading/posture-value.ts";
import { type ParsedScan, ScanTextReader } from "../../wire/trading/scan-text.ts";
import { countersOf, standingOf } from "../book-status.ts";
import { createLatency } from "../latency.ts";
import { Book, type BookStep, type Fact, type Outcomes } from "./book.ts";
import { Canary } from "./canary.ts";
import { Consequences } from "./consequences.ts";
import { answerRequest } from "./control.ts";
import { Publication } from "../publication.ts";
import { ScanIntake } from "./scan-intake.ts";
import { journalSource, ringSource } from "./scan-sources.ts";

export type TraderWorld = {
  readonly trader: Trader;
  readonly broker: PaperBroker;
  readonly log: Pick<TradingLog, "append">;
  readonly outcomes: Outcomes;
  readonly trades: Pick<TradeFile, "add" | "since">;
  readonly feed: ScanFeed;
  readonly lookup: Pick<ScanLookup, "find">;
  readonly clock: { readonly nowMs: () => number; readonly monotonicMs: () => number };
  /** Of the present state, whose last event has this index. */
  readonly saveSnapshot: (trader: Trader, lastIndex: number) => void;
  readonly snapshotEvents: number;
  readonly say: (level: "info" | "warn", line: string) => void;
  readonly onFailure: (error: unknown) => void;
  readonly onStep: (step: BookStep) => void;
};

const NO_CARRIED = new Float64Array(0);
const TICK_MS = 1_000;

export class RunningTrader {
  readonly book: Book;
  readonly intake: ScanIntake;
  readonly canary: Canary;
  readonly #world: TraderWorld;
  readonly #consequences: Consequences;
  readonly #publication: Publication;
  readonly #latency = createLatency();
  readonly #carried: Float64Array;
  #heardSeq = 0;
  #newestAtMs: number | null = null;
  #snapshotIndex: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(world: TraderWorld) {
    const { trader, broker, log, outcomes, feed, clock, say, onFailure, onStep } = world;
    this.#world = world;
    this.#snapshotIndex = trader.nextIndex - 1;
    const { carried } = trader.strategy;
    this.#carried =
      carried.length === 0 ? NO_CARRIED : new Float64Array(carried.length).fill(Number.NaN);
    this.#publication = new Publication({
      trader,
      feed,
      nowMs: clock.nowMs,
      onPublished: () => onStep("published"),
    });
    this.#consequences = new Consequences({
      trades: world.trades,
      dayEnded: (entry) => this.#publication.dayEnded(entry),
      log: say,
      onTradesWritten: () => onStep("outbox_written"),
      onFailure,
    });
    const onCommands = this.#consequences.add.bind(this.#consequences);
    const { nowMs } = clock;
    this.book = new Book({ log, outcomes, trader, broker, nowMs, onCommands, onStep });
    this.intake = new ScanIntake({
      reader: new ScanTextReader(),
      sources: [ringSource(feed), journalSource(world.lookup)],
      taken: () => (trader.data.scans.hasBegun ? trader.data.scans.seqs : null),
      step: (scan, isRepaired) => this.#stepScan(scan, isRepaired),
      lose: (seq) => this.book.take({ kind: "scan_lost", seq }),
      monotonicMs: clock.monotonicMs,
      onTrouble: (line) => say("warn", line),
      onFailure,
    });
    this.canary = new Canary({
      feed,
      listeners: {
        onScan: (text) => this.#orFail(() => this.#hearScan(text)),
        onPosture: (text) => this.#orFail(() => this.#hearPosture(text)),
      },
      heardSeq: () => this.#heardSeq,
      say,
    });
  }

  /** Tells the journal that it begins, and takes up its work. */
  start(begun: Extract<Fact, { readonly kind: "started" }>): void {
    this.book.take(begun);
    void this.canary.look();
    this.#timer = setInterval(() => this.#orFail(() => this.#tick()), TICK_MS);
  }

  /** Nothing is stepped after it; the state is saved, so that a start folds nothing. */
  stop(): void {
    clearInterval(this.#timer);
    this.intake.stop();
    this.#saveSnapshot();
  }

  answer(line: string): Promise<string> {
    const { trader, trades } = this.#world;
    const take = (fact: Fact) => {
      const from = trader.nextIndex;
      if (!this.book.take(fact)) return null;
      this.#publication.request();
      return this.#consequences.notesFrom(from);
    };
    return answerRequest({ trader, trades, take, flush: () => this.#consequences.flush() }, line);
  }

  /** After a connection, which may be to a member that came back empty. */
  connected(): void {
    void this.canary.look();
    this.#publication.request();
  }

  beat(): Pick<ServiceBeat, "state" | "facts" | "counters"> {
    const { clock } = this.#world;
    const newestDataAgeS =
      this.#newestAtMs === null ? null : (clock.monotonicMs() - this.#newestAtMs) / MS_PER_SECOND;
    const { isAnswered } = this.canary;
    return {
      state: this.#phrase(),
      facts: {
        archive: "ok",
        hazelcast: isAnswered ? "ok" : "down",
        newestDataAgeS,
        oldestUnpushedAgeS: null,
        progressAgeS: null,
        backlog: this.intake.backlog,
      },
      counters: this.#counters(),
    };
  }

  #phrase(): string {
    if (this.book.journalTrouble !== null) return "waiting: journal";
    if (!this.canary.isAnswered) return "waiting: hazelcast";
    if (this.intake.isNumberedAnew) return "waiting: scans are numbered anew";
    return standingOf(this.#world.trader);
  }

  #counters(): Record<string, number | string | null> {
    const { trader } = this.#world;
    const state = publishedOf(trader);
    const { p50, p99 } = this.#latency.summary();
    const { counts } = this.intake;
    return {
      ...countersOf(state, trader.nextIndex - 1),
      refusals: Object.values(state.refusals).reduce((sum, count) => sum + count, 0),
      latched: state.latched.join(" "),
      scans_heard: counts.heard,
      scans_repaired: counts.repaired,
      scans_lost: counts.lost,
      duplicates: counts.duplicates,
      unreadable: counts.unreadable,
      listener_deaths: this.canary.listenerDeaths,
      scan_to_commands_ms_p50: p50,
      scan_to_commands_ms_p99: p99,
    };
  }

  #hearScan(text: unknown): void {
    const { monotonicMs } = this.#world.clock;
    const heardAtMs = monotonicMs();
    const isStepped = this.intake.hear(text);
    if (isStepped) this.#latency.add(monotonicMs() - heardAtMs);
    if (this.#heardSeq < this.intake.newestSeq) this.#heardSeq = this.intake.newestSeq;
  }

  #hearPosture(text: unknown): void {
    this.canary.postureHeard(text);
    this.book.take({ kind: "posture", ...parsePosture(text) });
  }

  #stepScan(scan: ParsedScan, isRepaired: boolean): boolean {
    const isTaken = this.book.take({
      kind: "scan",
      seq: scan.seq,
      scanNumber: scan.scanNumber,
      asOfMs: scan.asOfMs,
      isReplayed: scan.isReplayed,
      isLate: scan.isLate,
      isRepaired,
      assets: scan.assets,
      prices: scan.prices,
      pricesAt: 0,
      eigenvalues: scan.eigenvalues,
      eigenvaluesAt: 0,
      eigenvalueCount: scan.eigenvalueCount,
      carried: this.#carried,
      carriedAt: 0,
    });
    if (!isTaken) return false;
    this.#newestAtMs = this.#world.clock.monotonicMs();
    this.#publication.request();
    return true;
  }

  #tick(): void {
    const { trader, snapshotEvents, onFailure } = this.#world;
    this.book.take({ kind: "tick" });
    void this.canary.look();
    this.intake.tick().catch(onFailure);
    if (this.#snapshotIndex + snapshotEvents <= trader.nextIndex - 1) this.#saveSnapshot();
  }

  #saveSnapshot(): void {
    const { trader, saveSnapshot } = this.#world;
    this.#consequences.flush();
    const lastIndex = trader.nextIndex - 1;
    if (lastIndex === this.#snapshotIndex || this.book.journalTrouble !== null) return;
    saveSnapshot(trader, lastIndex);
    this.#snapshotIndex = lastIndex;
  }

  /** Callers of listeners and timers would swallow it, or say it in words of their own. */
  #orFail(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#world.onFailure(error);
    }
  }
}
