/**
 * Restores both books at an event of BLUE's log, and reads the log from there on. Each half is restored on its own,
 * so that a changed version of GREEN does not cost BLUE's state, nor the reverse. Invariant: no part of BLUE's log is
 * folded with another version than the one that decided there, as far as that version is known.
 */
import type { EventLogReader } from "../../adapters/event-log/event-log.ts";
import { codeOf } from "../../domain/failure.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { type BookComparison, createComparison } from "../../domain/trading/shadow/comparison.ts";
import { twinOf } from "../../domain/trading/shadow/twin-of.ts";
import { restoreFrom } from "../../domain/trading/snapshot/snapshot.ts";
import {
  isOfStrategy,
  takeVersion,
  versionAt,
  type VersionedBook,
} from "../../domain/trading/snapshot/take-version.ts";
import { createTrader, stepTrader, type Trader } from "../../domain/trading/trader.ts";
import type { BookConfiguration } from "../../wire/trading/book-configuration.ts";
import type { ShadowSnapshot } from "../../wire/trading/shadow-snapshot.ts";
import type { SavedState } from "../../wire/trading/trader-snapshot.ts";

export type Blue = VersionedBook<BookConfiguration>;

export type OpenedShadow = {
  /** May be ahead of GREEN. */
  readonly blue: Blue;
  readonly green: Trader;
  readonly comparison: BookComparison;
  /** The index of the last event that GREEN took; -1 for none. */
  readonly index: number;
  readonly nowMs: number;
  /** Reads the following events. */
  readonly reader: Pick<EventLogReader, "poll" | "close">;
  /** GREEN begins with new cash and history: earlier trades belong to another version. */
  readonly isAnew: boolean;
};

export type OpenShadowDeps = {
  readonly configurations: { readonly blue: BookConfiguration; readonly green: BookConfiguration };
  /** BLUE's configuration for a hash; null where it is no longer available. */
  readonly blueOf: (hash: string) => BookConfiguration | null;
  /** GREEN's own and the last promotion's, the preferred one first. */
  readonly snapshots: readonly ShadowSnapshot[];
  /** BLUE's oldest, for a log whose first days retention has deleted. */
  readonly oldestOfBlue: () => SavedState | null;
  readonly newestOfBlue: () => SavedState | null;
  /** BLUE's log from this event on. */
  readonly read: (fromIndex: number) => Pick<EventLogReader, "poll" | "close">;
  readonly say: (level: "info" | "warn", line: string) => void;
};

/** @throws {Error} when no state is available from which BLUE's log can be folded. */
export function openShadow(deps: OpenShadowDeps): OpenedShadow {
  for (const snapshot of deps.snapshots) {
    const opened = openAt(deps, snapshot);
    if (opened !== null) return opened;
  }
  return openAnew(deps);
}

function openAt(deps: OpenShadowDeps, snapshot: ShadowSnapshot): OpenedShadow | null {
  const { configurations, read, say } = deps;
  const { index, nowMs } = snapshot;
  const reader = read(index);
  if (!isNext(reader, { index, nowMs })) {
    reader.close();
    say("warn", `BLUE's log has another event ${index} than the one processed here, or none`);
    return null;
  }
  const own = restoredBlue(deps, { snapshot: snapshot.blue, configurationHash: snapshot.blueHash });
  const blue = own ?? newestBlue(deps, index);
  if (blue === null) {
    reader.close();
    throw new Error(
      "BLUE's newest state belongs to a version that is no longer available: start trader-blue with the " +
        "present one, then GREEN continues from there",
    );
  }
  const { green } = configurations;
  const taken = takeVersion(green.trader, snapshot.green);
  if (taken.kind === "refused") {
    reader.close();
    say("warn", `${taken.reason}: GREEN's changed version starts over, from BLUE's present state`);
    return besideBlue(deps, blue);
  }
  // A comparison under other configurations says nothing about these.
  const isSame = own !== null && snapshot.greenHash === green.hash;
  const comparison = isSame ? snapshot.comparison : createComparison();
  if (snapshot.greenHash !== green.hash) {
    say("info", "GREEN's configuration was changed: it keeps its cash and its day");
  }
  return { blue, green: taken.trader, comparison, index, nowMs, reader, isAnew: false };
}

/** A log that lost its end in a power failure may have continued differently. */
function isNext(
  reader: Pick<EventLogReader, "poll">,
  expected: { readonly index: number; readonly nowMs: number },
): boolean {
  try {
    for (const { index, nowMs } of reader.poll()) {
      return index === expected.index && nowMs === expected.nowMs;
    }
    return false;
  } catch (error) {
    if (codeOf(error) === "TRADING_JOURNAL_GONE") return false;
    throw error;
  }
}

/** Null where the version that saved it is not available. */
function restoredBlue({ configurations, blueOf }: OpenShadowDeps, saved: SavedState): Blue | null {
  const { snapshot, configurationHash } = saved;
  const version = configurationHash === null ? configurations.blue : blueOf(configurationHash);
  if (version === null || !isOfStrategy(createTrader(version.trader), snapshot)) return null;
  return { trader: restoreFrom(version.trader, snapshot), version };
}

/** BLUE's own newest state, folded up to an event where it is older. */
function newestBlue(deps: OpenShadowDeps, index: number): Blue | null {
  const saved = deps.newestOfBlue();
  let blue = saved === null ? null : restoredBlue(deps, saved);
  if (blue === null || index < blue.trader.nextIndex) return blue;
  const reader = deps.read(blue.trader.nextIndex);
  try {
    for (const event of reader.poll()) {
      if (index < event.index) break;
      blue = versionAt(blue, event, deps.blueOf);
      if (blue === null) break;
      stepTrader(blue.trader, event);
    }
  } finally {
    reader.close();
  }
  return blue;
}

function besideBlue({ configurations, read }: OpenShadowDeps, blue: Blue): OpenedShadow {
  const green = twinOf(blue.trader, configurations.green.trader);
  const { nextIndex } = blue.trader;
  const reader = read(nextIndex);
  const { nowMs } = blue.trader.data;
  const comparison = createComparison();
  return { blue, green, comparison, index: nextIndex - 1, nowMs, reader, isAnew: true };
}

function openAnew(deps: OpenShadowDeps): OpenedShadow {
  const { configurations, blueOf, oldestOfBlue, read } = deps;
  const begin = createTrader(configurations.blue.trader).nextIndex;
  const first = firstEvent(read(begin));
  const isGone = first === "gone";
  const began =
    first !== "gone" && first?.kind === "started"
      ? blueOf(first.configurationHash)
      : configurations.blue;
  const oldest = isGone ? oldestOfBlue() : null;
  const blue =
    (oldest === null ? null : restoredBlue(deps, oldest)) ??
    (isGone || began === null ? newestBlue(deps, Number.MAX_SAFE_INTEGER) : null);
  if (blue !== null) return besideBlue(deps, blue);
  if (isGone) {
    throw new Error(
      "the first days of BLUE's log are gone, without a snapshot of what BLUE runs now: " +
        "start trader-blue first",
    );
  }
  const version = began ?? configurations.blue;
  return {
    blue: { trader: createTrader(version.trader), version },
    green: createTrader(configurations.green.trader),
    comparison: createComparison(),
    index: -1,
    nowMs: 0,
    reader: read(begin),
    isAnew: true,
  };
}

function firstEvent(
  probe: Pick<EventLogReader, "poll" | "close">,
): TraderEvent | "gone" | undefined {
  try {
    return probe.poll().next().value ?? undefined;
  } catch (error) {
    if (codeOf(error) === "TRADING_JOURNAL_GONE") return "gone";
    throw error;
  } finally {
    probe.close();
  }
}
