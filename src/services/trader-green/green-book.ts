/**
 * GREEN at work: takes what BLUE's log has, in slices, and tells what came of it.
 *
 * Invariant: a snapshot holds both books after the same event, so a start goes on from there and ends
 * where an undisturbed run does.
 */
import type { TradeFile } from "../../adapters/trading-journal/trade-file.ts";
import type { TradingLogReader } from "../../adapters/trading-journal/trading-log.ts";
import type { DayEntry, TraderCommand } from "../../domain/trading/commands.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { publishedOf } from "../../domain/trading/published.ts";
import type { Divergence } from "../../domain/trading/shadow/comparison.ts";
import { createShadow, type Shadow, stepShadow } from "../../domain/trading/shadow/shadow.ts";
import { snapshotOf } from "../../domain/trading/snapshot/snapshot.ts";
import type { BookConfiguration } from "../../wire/trading/book-configuration.ts";
import type { ShadowSnapshot } from "../../wire/trading/shadow-snapshot.ts";
import { countersOf, standingOf } from "../book-status.ts";
import type { OpenedShadow } from "./open-shadow.ts";

export type GreenWorld = {
  readonly opened: OpenedShadow;
  readonly configurations: { readonly blue: BookConfiguration; readonly green: BookConfiguration };
  readonly trades: Pick<TradeFile, "add" | "sync">;
  /** Events of BLUE's log between snapshots. */
  readonly snapshotEvents: number;
  readonly saveSnapshot: (snapshot: ShadowSnapshot) => void;
  readonly dayEnded: (entry: DayEntry) => void;
  readonly say: (level: "info" | "warn", line: string) => void;
};

/** A slice: beats and requests are answered between two of them. */
const EVENTS_PER_SLICE = 500;

export class GreenBook {
  readonly shadow: Shadow;
  readonly #world: GreenWorld;
  readonly #reader: Pick<TradingLogReader, "poll" | "close">;
  #index: number;
  #nowMs: number;
  #savedIndex: number;
  #trades: number;
  /** Of the last start in BLUE's log. */
  #blueHash: string | null = null;

  constructor(world: GreenWorld) {
    const { opened, configurations } = world;
    this.#world = world;
    this.#reader = opened.reader;
    this.#index = opened.index;
    this.#nowMs = opened.nowMs;
    this.#savedIndex = opened.index;
    this.#trades = opened.green.data.account.trades;
    this.shadow = createShadow({
      blue: opened.blue,
      green: opened.green,
      comparison: opened.comparison,
      paper: configurations.green.paper,
      onCommands: (commands) => this.#tell(commands),
    });
  }

  /** Of the last event that was taken; -1 before the first. */
  get index(): number {
    return this.#index;
  }

  /** Takes a slice of what the log has; whether there may be more at once. */
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
    const { configurations, trades, saveSnapshot } = this.#world;
    trades.sync();
    saveSnapshot({
      version: 1,
      index: this.#index,
      nowMs: this.#nowMs,
      blueHash: configurations.blue.hash,
      greenHash: configurations.green.hash,
      blue: snapshotOf(this.shadow.blue),
      green: snapshotOf(this.shadow.green),
      comparison: this.shadow.comparison,
    });
    this.#savedIndex = this.#index;
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
    return standingOf(green);
  }

  counters(): Record<string, number | string | null> {
    const state = publishedOf(this.shadow.green);
    const { comparison } = this.shadow;
    const { blue, green } = this.#world.configurations;
    return {
      ...countersOf(state, this.#index),
      compared: comparison.compared,
      differing: comparison.differing,
      divergence_cause: comparison.first?.cause ?? null,
      divergence_seq: comparison.first?.seq ?? null,
      divergence_index: comparison.first?.index ?? null,
      divergence: comparison.first?.detail.slice(0, 500) ?? null,
      configuration: green.hash.slice(0, 12),
      blue_configuration: blue.hash.slice(0, 12),
      /** BLUE runs another configuration than this process read for it: restart this one. */
      blue_is_other: this.#blueHash === null || this.#blueHash === blue.hash ? "no" : "yes",
    };
  }

  #take(event: TraderEvent): void {
    const { say, configurations } = this.#world;
    const divergence = stepShadow(this.shadow, event);
    this.#index = event.index;
    this.#nowMs = event.nowMs;
    if (divergence !== null) say("warn", wordsOf(divergence));
    if (event.kind !== "started" || event.configurationHash === this.#blueHash) return;
    this.#blueHash = event.configurationHash;
    if (event.configurationHash === configurations.blue.hash) return;
    say("warn", `BLUE started with another configuration than this process read: restart it`);
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
      // Counted, not by index: GREEN has no log of its own.
      this.#trades += 1;
      trades.add({ index: this.#trades, trade });
      say("info", `trade ${trade.positionId}: ${trade.pnl} (${trade.exitReason})`);
    }
  }
}

function wordsOf({ index, seq, cause, detail }: Divergence): string {
  return `diverged from BLUE at seq ${seq} (event ${index}), cause ${cause}: ${detail}`;
}
