/** A running trader: its book, its inputs, its ticks, its published state, and its end. */
import type { ScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import type { ScanLookup } from "../../adapters/scan-journal/scan-lookup.ts";
import type { TradeFile } from "../../adapters/event-log/trade-file.ts";
import type { EventLog } from "../../adapters/event-log/event-log.ts";
import type { Desk } from "../../domain/trading/broker/desk.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { messageOf } from "../../domain/failure.ts";
import { publishedOf } from "../../domain/trading/published.ts";
import { bridgeService } from "../../domain/supervision/services.ts";
import { unlessUnmemorable } from "../../domain/trading/snapshot/memory.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { ServiceBeat } from "../../wire/control-pipe.ts";
import { SCANS_BUDGET_S } from "../../wire/facts/bridge-facts.ts";
import type { Feed } from "../../wire/feeds/feeds.ts";
import { type ParsedScan, ScanTextReader } from "../../wire/trading/scan-text.ts";
import { bookCountersOf, standingOf, notesOf } from "../book-status.ts";
import { createLatency } from "../latency.ts";
import {
  EventSequencer,
  type BookStep,
  type UnsequencedEvent,
  type Outcomes,
} from "./event-sequencer.ts";
import { FeedSubscription } from "./intake/feed-subscription.ts";
import { FeederWatch } from "./intake/feeder-watch.ts";
import { type PostureFact, PostureIntake } from "./intake/posture-intake.ts";
import { TraderFeeds } from "./intake/trader-feeds.ts";
import { CommandEffects } from "./command-effects.ts";
import { answerRequest } from "./control.ts";
import { Publication } from "../publication.ts";
import { SaveNote } from "../save-note.ts";
import { ScanIntake } from "./intake/scan-intake.ts";
import { journalSource, ringSource } from "./intake/scan-sources.ts";
import { createUnpricedNews } from "./unpriced-news.ts";

export type TraderWorld = {
  readonly trader: Trader;
  readonly desk: Desk;
  /** The last market event, where its desk may report more on it. */
  readonly openStep: TraderEvent | null;
  readonly log: Pick<EventLog, "append" | "appendBooks">;
  readonly outcomes: Outcomes;
  readonly trades: Pick<TradeFile, "add" | "since">;
  readonly feed: ScanFeed;
  /** The feeds beside scans. */
  readonly feeds: readonly Feed[];
  readonly lookup: Pick<ScanLookup, "find">;
  readonly clock: { readonly nowMs: () => number; readonly monotonicMs: () => number };
  /** Saves the present state, which is the one after the event with this index. */
  readonly saveSnapshot: (trader: Trader, lastIndex: number) => void;
  /** The same without blocking a step: it copies what it needs before it returns. */
  readonly saveSnapshotAside: (trader: Trader, lastIndex: number) => Promise<void>;
  /** Called before it, so that the copy is fast. */
  readonly prepareSnapshot: (trader: Trader) => Promise<void>;
  readonly snapshotEvents: number;
  readonly say: (level: "info" | "warn", line: string) => void;
  readonly onFailure: (error: unknown) => void;
  readonly onStep: (step: BookStep) => void;
};

const NO_CARRIED = new Float64Array(0);
const TICK_MS = 1_000;

export class RunningTrader {
  sequencer: EventSequencer;
  readonly intake: ScanIntake;
  readonly subscription: FeedSubscription;
  readonly #feeds: TraderFeeds;
  readonly #postures: PostureIntake;
  readonly #feeder: FeederWatch;
  readonly #world: TraderWorld;
  readonly #effects: CommandEffects;
  readonly #publication: Publication;
  readonly #latency = createLatency();
  readonly #carried: Float64Array;
  #heardSeq = 0;
  #newestAtMs: number | null = null;
  #snapshotIndex: number;
  #isSaving = false;
  readonly #saved: SaveNote;
  #timer: NodeJS.Timeout | undefined;
  readonly #unpricedNews = createUnpricedNews();

  constructor(world: TraderWorld) {
    const { trader, desk, openStep, log, outcomes, feed, clock, say, onFailure, onStep } = world;
    this.#world = world;
    this.#snapshotIndex = trader.nextIndex - 1;
    this.#saved = new SaveNote(say, {
      saved: "the book's state is saved again",
      unsaved: "the book's state can't be saved, so a start folds the journal",
    });
    const { carried } = trader.strategy;
    this.#carried =
      carried.length === 0 ? NO_CARRIED : new Float64Array(carried.length).fill(Number.NaN);
    this.#publication = new Publication({
      trader,
      feed,
      nowMs: clock.nowMs,
      onPublished: () => onStep("published"),
    });
    this.#effects = new CommandEffects({
      trades: world.trades,
      dayEnded: (entry) => this.#publication.dayEnded(entry),
      log: say,
      onTradesWritten: () => onStep("outbox_written"),
      onFailure,
    });
    const onCommands = this.#effects.add.bind(this.#effects);
    const { nowMs } = clock;
    const at = { log, outcomes, trader, desk, openStep };
    this.sequencer = new EventSequencer({
      ...at,
      nowMs,
      onCommands,
      onStep,
    });
    desk.onReports(() => this.#orFail(() => this.sequencer.takeReports()));
    this.intake = new ScanIntake({
      reader: new ScanTextReader(),
      sources: [ringSource(feed), journalSource(world.lookup)],
      taken: () => (trader.data.scans.hasBegun ? trader.data.scans.seqs : null),
      step: (scan, isRepaired) => this.#stepScan(scan, isRepaired),
      lose: (seq) => this.sequencer.take({ kind: "scan_lost", seq }),
      monotonicMs: clock.monotonicMs,
      onTrouble: (line) => say("warn", line),
      onFailure,
    });
    this.#feeder = new FeederWatch({
      feed,
      service: bridgeService().name,
      monotonicMs: clock.monotonicMs,
    });
    this.#postures = new PostureIntake({ trader, take: (fact) => this.#takeOrFail(fact), clock });
    this.#feeds = new TraderFeeds({
      feeds: world.feeds,
      hazelcast: feed,
      trader,
      take: (fact) =>
        fact.kind === "posture" ? this.#postures.hear(fact) : this.#takeOrFail(fact),
      takeBooks: (facts) => this.#orElse(0, () => this.sequencer.takeBooks(facts)),
      clock,
      say,
    });
    this.subscription = new FeedSubscription({
      feed,
      feeds: this.#feeds.all,
      onScan: (text) => this.#orFail(() => this.#hearScan(text)),
      heardSeq: () => this.#heardSeq,
      say,
    });
  }

  /** Before anything else of this life: the desk's reports are then stepped by the present version. */
  recordStart(begun: Extract<UnsequencedEvent, { readonly kind: "started" }>): void {
    this.sequencer.take(begun);
  }

  /** Starts its work. */
  listen(): void {
    void this.subscription.poll();
    this.#timer = setInterval(() => this.#orFail(() => this.#tick()), TICK_MS);
  }

  /** Nothing is stepped after this; the state is saved, so that a restart folds nothing. */
  stop(): void {
    clearInterval(this.#timer);
    this.intake.stop();
    this.sequencer.end();
    this.#saveSnapshot();
  }

  answer(line: string): Promise<string> {
    const { trader, trades } = this.#world;
    const take = (fact: UnsequencedEvent) => {
      const from = trader.nextIndex;
      if (!this.sequencer.take(fact)) return null;
      this.#publication.request();
      return this.#effects.notesFrom(from);
    };
    const flush = () => this.#effects.flush();
    const takePosture = (fact: PostureFact) => {
      const from = trader.nextIndex;
      const isTaken = this.#postures.call(fact);
      if (from < trader.nextIndex) this.#publication.request();
      return isTaken;
    };
    const standing = () => this.#standing();
    return answerRequest({ trader, trades, take, takePosture, flush, standing }, line);
  }

  /** Called after a connection, which may be to a member that came back empty. */
  connected(): void {
    void this.subscription.poll();
    this.#publication.request();
  }

  beat(): Pick<ServiceBeat, "state" | "facts" | "counters"> {
    const { clock } = this.#world;
    const newestDataAgeS =
      this.#newestAtMs === null ? null : (clock.monotonicMs() - this.#newestAtMs) / MS_PER_SECOND;
    const { isAnswered } = this.subscription;
    return {
      state: this.#phrase(),
      facts: {
        dependencies: { hazelcast: isAnswered ? "ok" : "down", ...this.#feeder.states() },
        inputs: [
          { name: "scans", ageS: newestDataAgeS, budgetS: SCANS_BUDGET_S },
          ...this.#feeds.inputs(),
        ],
        queue: { waiting: this.intake.backlog, oldestS: null, progressS: null },
        notes: [...notesOf(this.#world.trader), ...this.#feeds.notes()],
      },
      counters: this.#counters(),
    };
  }

  #phrase(): string {
    if (this.sequencer.journalTrouble !== null) return "waiting: journal";
    if (!this.subscription.isAnswered) return "waiting: hazelcast";
    if (this.intake.isNumberedAnew) return "waiting: scans are numbered anew";
    return this.#standing();
  }

  #standing(): string {
    const standing = standingOf(this.#world.trader);
    return this.#saved.beside(standing);
  }

  #counters(): Record<string, number | string | null> {
    const { trader } = this.#world;
    const state = publishedOf(trader);
    const { p50, p99 } = this.#latency.summary();
    const { counts } = this.intake;
    return {
      ...bookCountersOf(state, trader.nextIndex - 1),
      refusals: Object.values(state.refusals).reduce((sum, count) => sum + count, 0),
      latched: state.latched.join(" "),
      scans_heard: counts.heard,
      scans_repaired: counts.repaired,
      scans_lost: counts.lost,
      duplicates: counts.duplicates,
      unreadable: counts.unreadable,
      feed_values_unreadable: this.#feeds.unreadable(),
      listener_deaths: this.subscription.listenerDeaths,
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

  #stepScan(scan: ParsedScan, isRepaired: boolean): boolean {
    this.#feeds.takeKnown(scan.asOfMs);
    const isTaken = this.sequencer.take({
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
    const { trader, snapshotEvents, say, onFailure } = this.#world;
    this.#feeds.takeOld();
    this.sequencer.take({ kind: "tick" });
    void this.subscription.poll();
    void this.#feeder.poll();
    this.intake.tick().catch(onFailure);
    for (const { level, line } of this.#unpricedNews(trader)) say(level, line);
    if (this.#snapshotIndex + snapshotEvents <= trader.nextIndex - 1) void this.#saveAside();
  }

  #saveSnapshot(): void {
    const { trader, saveSnapshot } = this.#world;
    this.#effects.flush();
    const lastIndex = trader.nextIndex - 1;
    if (lastIndex === this.#snapshotIndex || this.sequencer.journalTrouble !== null) return;
    const saved = unlessUnmemorable(
      () => {
        saveSnapshot(trader, lastIndex);
        return lastIndex;
      },
      (why) => this.#saved.note(why),
    );
    if (saved !== null) this.#noteSaved(saved);
  }

  /** Never rejects; one at a time. After a failure a restart folds more of the journal. */
  async #saveAside(): Promise<void> {
    const { trader, prepareSnapshot, saveSnapshotAside } = this.#world;
    if (this.#isSaving || this.sequencer.journalTrouble !== null) return;
    this.#isSaving = true;
    try {
      await prepareSnapshot(trader);
      this.#orFail(() => this.#effects.flush());
      const lastIndex = trader.nextIndex - 1;
      await saveSnapshotAside(trader, lastIndex);
      this.#noteSaved(lastIndex);
    } catch (error) {
      this.#saved.note(messageOf(error));
    } finally {
      this.#isSaving = false;
    }
  }

  #noteSaved(lastIndex: number): void {
    this.#snapshotIndex = Math.max(this.#snapshotIndex, lastIndex);
    this.#saved.note(null);
  }

  #takeOrFail(fact: UnsequencedEvent): boolean {
    return this.#orElse(false, () => this.sequencer.take(fact));
  }

  #orElse<T>(nothing: T, take: () => T): T {
    let taken = nothing;
    this.#orFail(() => {
      taken = take();
    });
    return taken;
  }

  /** Callers of listeners and timers would swallow the error, or report it in another form. */
  #orFail(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#world.onFailure(error);
    }
  }
}
