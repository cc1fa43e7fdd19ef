/**
 * GREEN at work: takes BLUE's log in slices, and reports the results. Invariant: a snapshot holds both books after
 * the same event, so a restart from it ends in the same state as an undisturbed run.
 */
import type { TradeFile } from "../../adapters/event-log/trade-file.ts";
import type { EventLogReader } from "../../adapters/event-log/event-log.ts";
import type { DayEntry, TraderCommand } from "../../domain/trading/commands.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { publishedOf } from "../../domain/trading/published.ts";
import type { Divergence } from "../../domain/trading/shadow/comparison.ts";
import {
  changeBlue,
  createShadow,
  type Shadow,
  stepShadow,
} from "../../domain/trading/shadow/shadow.ts";
import { unlessUnmemorable } from "../../domain/trading/snapshot/memory.ts";
import { snapshotOf } from "../../domain/trading/snapshot/snapshot.ts";
import { versionAt } from "../../domain/trading/snapshot/take-version.ts";
import type { BookConfiguration } from "../../wire/trading/book-configuration.ts";
import type { ShadowSnapshot } from "../../wire/trading/shadow-snapshot.ts";
import { bookCountersOf, standingOf } from "../book-status.ts";
import { SaveNote } from "../save-note.ts";
import type { OpenedShadow } from "./open-shadow.ts";

export type GreenWorld = {
  readonly opened: OpenedShadow;
  readonly configurations: { readonly green: BookConfiguration };
  /** BLUE's configuration for a hash; null where this process can't load it. */
  readonly blueOf: (hash: string) => BookConfiguration | null;
  readonly trades: Pick<TradeFile, "add" | "sync">;
  /** Events of BLUE's log between snapshots. */
  readonly snapshotEvents: number;
  readonly saveSnapshot: (snapshot: ShadowSnapshot) => void;
  readonly dayEnded: (entry: DayEntry) => void;
  readonly say: (level: "info" | "warn", line: string) => void;
};

/** Events per slice: beats and requests are answered between two slices. */
const EVENTS_PER_SLICE = 500;

export class GreenBook {
  readonly shadow: Shadow;
  readonly #world: GreenWorld;
  readonly #reader: Pick<EventLogReader, "poll" | "close">;
  #index: number;
  #nowMs: number;
  #savedIndex: number;
  #trades: number;
  #blueVersion: BookConfiguration;
  readonly #saved: SaveNote;
  /** BLUE continues as a version that this process can't load. */
  #isBlueLost = false;

  constructor(world: GreenWorld) {
    const { opened, configurations } = world;
    this.#world = world;
    this.#reader = opened.reader;
    this.#index = opened.index;
    this.#nowMs = opened.nowMs;
    this.#savedIndex = opened.index;
    this.#saved = new SaveNote(world.say, {
      saved: "GREEN's state is saved again",
      unsaved: "GREEN's state can't be saved",
    });
    this.#trades = opened.green.data.account.trades;
    this.#blueVersion = opened.blue.version;
    this.shadow = createShadow({
      blue: opened.blue.trader,
      green: opened.green,
      comparison: opened.comparison,
      paper: configurations.green.paper,
      onCommands: (commands) => this.#tell(commands),
    });
  }

  /** The index of the last event taken; -1 before the first. */
  get index(): number {
    return this.#index;
  }

  /** Takes a slice of the log; returns whether there may be more at once. */
  takeSlice(): boolean {
    let taken = 0;
    for (const event of this.#reader.poll()) {
      this.#take(event);
      taken += 1;
      if (EVENTS_PER_SLICE <= taken) break;
    }
    if (this.#savedIndex + this.#world.snapshotEvents <= this.#index) this.save();
    return taken === EVENTS_PER_SLICE;
  }

  save(): void {
    if (this.#savedIndex === this.#index) return;
    const { trades, saveSnapshot } = this.#world;
    trades.sync();
    const state = unlessUnmemorable(
      () => this.#state(),
      (why) => this.#saved.note(why),
    );
    if (state === null) return;
    saveSnapshot(state);
    this.#savedIndex = this.#index;
    this.#saved.note(null);
  }

  #state(): ShadowSnapshot {
    const { configurations } = this.#world;
    return {
      version: 1,
      index: this.#index,
      nowMs: this.#nowMs,
      // A start ignores a BLUE state with an empty hash.
      blueHash: this.#isBlueLost ? "" : this.#blueVersion.hash,
      greenHash: configurations.green.hash,
      blue: snapshotOf(this.shadow.blue),
      green: snapshotOf(this.shadow.green),
      comparison: this.shadow.comparison,
    };
  }

  close(): void {
    this.#reader.close();
  }

  /** One short phrase for operators. */
  phrase(): string {
    const { comparison, green } = this.shadow;
    if (this.#index < 0) return "waiting: BLUE's log";
    if (comparison.first !== null) {
      return `diverged at seq ${comparison.first.seq}: ${comparison.first.cause}`;
    }
    return this.#saved.beside(standingOf(green));
  }

  counters(): Record<string, number | string | null> {
    const state = publishedOf(this.shadow.green);
    const { comparison } = this.shadow;
    const { green } = this.#world.configurations;
    return {
      ...bookCountersOf(state, this.#index),
      compared: comparison.compared,
      differing: comparison.differing,
      divergence_cause: comparison.first?.cause ?? null,
      divergence_seq: comparison.first?.seq ?? null,
      divergence_index: comparison.first?.index ?? null,
      divergence: comparison.first?.detail.slice(0, 500) ?? null,
      configuration: green.hash.slice(0, 12),
      blue_configuration: this.#blueVersion.hash.slice(0, 12),
      /** BLUE runs a version that this process could not load: restart this process. */
      blue_is_other: this.#isBlueLost ? "yes" : "no",
    };
  }

  #take(event: TraderEvent): void {
    this.#followStart(event);
    const divergence = stepShadow(this.shadow, event);
    this.#index = event.index;
    this.#nowMs = event.nowMs;
    if (divergence !== null) this.#world.say("warn", wordsOf(divergence));
  }

  #followStart(event: TraderEvent): void {
    const { shadow } = this;
    if (event.kind !== "started" || event.index < shadow.blue.nextIndex) return;
    const before = { trader: shadow.blue, version: this.#blueVersion };
    const blue = versionAt(before, event, this.#world.blueOf);
    if (blue === before) return;
    if (blue === null) {
      this.#isBlueLost = true;
      this.#world.say(
        "warn",
        "BLUE started with a version that this process could not load: restart it",
      );
      return;
    }
    this.#blueVersion = blue.version;
    changeBlue(shadow, blue.trader);
    this.#world.say(
      "info",
      `BLUE continues with another configuration from event ${event.index} on`,
    );
  }

  #tell(commands: readonly TraderCommand[]): void {
    const { trades, dayEnded, say } = this.#world;
    for (const command of commands) {
      if (command.kind === "book_day") dayEnded(command.entry);
      if (command.kind === "note" && command.note.severity === "alert") {
        say("warn", `${command.note.code}: ${command.note.detail}`);
      }
      if (command.kind !== "book_trade") continue;
      const { trade } = command;
      // A counter, not an index: GREEN has no log of its own.
      this.#trades += 1;
      trades.add({ index: this.#trades, trade });
      say("info", `trade ${trade.positionId}: ${trade.pnl} (${trade.exitReason})`);
    }
  }
}

function wordsOf({ index, seq, cause, detail }: Divergence): string {
  return `diverged from BLUE at seq ${seq} (event ${index}), cause ${cause}: ${detail}`;
}
