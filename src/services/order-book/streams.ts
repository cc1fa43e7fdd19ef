/**
 * The connections to the venue: opens them, detects silent ones, reconnects with back-off, and replaces each before
 * the venue ends it. Driven by `tick`, without timers of its own. Invariant: time in which nobody looked, such as our
 * own pause, does not count as silence.
 */
import {
  attemptWaitMs,
  reconnectWaitMs,
  silentAfterMs,
} from "../../domain/order-book/connections.ts";
import { HEARD, isTooSilent, type Silence, silentPoll } from "../../domain/supervision/silence.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { SocketEvents, VenueSocket } from "../../adapters/order-book/venue-socket.ts";
import type { Origin } from "./book-board.ts";

export type StreamsOptions = {
  /** One URL per connection. */
  readonly urls: readonly string[];
  /** Number of books of the connection at this index of `urls` without a message since then. */
  readonly lacking: (at: number, sinceMs: number) => number;
  readonly venue: string;
  readonly silentS: number;
  readonly open: (url: string, events: SocketEvents) => VenueSocket;
  readonly chance: () => number;
  /** The age at which a connection is replaced; called for each one. */
  readonly renewMs: () => number;
  readonly onMessage: (bytes: Uint8Array, origin: Origin) => void;
  readonly say: (level: "info" | "warn", line: string) => void;
};

export type StreamsState = {
  readonly connections: number;
  readonly open: number;
  readonly reconnects: number;
  /** Why the last one ended. */
  readonly trouble: string | null;
};

type Line = {
  readonly url: string;
  current: Connection | null;
  /** The connection that replaces `current` after its first message. */
  successor: Connection | null;
  failures: number;
  retryAtMs: number;
  /** Whether its absence was logged. */
  isAway: boolean;
  period: Period;
};

/**
 * The time within which each book of a connection must have a message; time in which nobody looked does not count.
 */
type Period = { readonly sinceMs: number; watched: Silence; readonly fruitless: number };

type Connection = {
  readonly id: number;
  socket: VenueSocket | null;
  isOpen: boolean;
  source: string;
  sinceMs: number;
  /** Whether a message came since the last look. */
  isHeard: boolean;
  silence: Silence;
  renewAtMs: number;
  /** Why it has ended; null: it has not. */
  end: string | null;
};

/** After a life this long the next failure counts as the first one. */
const WELL_MS = 30_000;
/** Least time between two connection attempts of any kind. */
const APART_MS = 50;
/** In multiples of `silent_s`: a book that is not traded may not change for minutes. */
const PERIOD_SILENCES = 30;
/** The wait doubles after each renewal without effect, at most this often. */
const DOUBLINGS_MAX = 8;
/** Most time that counts between two looks. */
const POLL_MS = 250;

export class VenueStreams {
  readonly #options: StreamsOptions;
  readonly #lines: readonly Line[];
  readonly #attemptsMs: number[] = [];
  #ids = 0;
  #lookedMs = 0;
  #reconnects = 0;
  #trouble: string | null = null;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#lines = options.urls.map((url) => ({
      url,
      current: null,
      successor: null,
      failures: 0,
      retryAtMs: 0,
      isAway: false,
      period: { sinceMs: 0, watched: HEARD, fruitless: 0 },
    }));
  }

  /** Called several times a second, with the monotonic time. */
  tick(nowMs: number): void {
    const sincePollMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    for (const [at, line] of this.#lines.entries()) {
      for (const one of [line.current, line.successor]) {
        if (one !== null) this.#poll(one, sincePollMs);
      }
      this.#judge(line, nowMs);
      if (line.current?.isOpen === true) this.#watch(line, { at, nowMs, sincePollMs });
      else line.period = { ...line.period, sinceMs: nowMs, watched: HEARD };
      if (nowMs < line.retryAtMs) continue;
      if (line.current === null) {
        line.current = this.#openOne(line, nowMs);
      } else if (line.current.renewAtMs <= nowMs && line.successor === null) {
        line.successor = this.#openOne(line, nowMs);
      }
    }
  }

  /** Whether a connection is due that must not wait: several are opened one after the other. */
  isOpening(nowMs: number): boolean {
    return this.#lines.some(({ current, retryAtMs }) => current === null && retryAtMs <= nowMs);
  }

  state(): StreamsState {
    return {
      connections: this.#lines.length,
      open: this.#lines.filter(({ current }) => current?.isOpen === true).length,
      reconnects: this.#reconnects,
      trouble: this.#trouble,
    };
  }

  close(): void {
    for (const { current, successor } of this.#lines) {
      current?.socket?.close();
      successor?.socket?.close();
    }
  }

  #poll(one: Connection, sincePollMs: number): void {
    one.silence = one.isHeard ? HEARD : silentPoll(one.silence, sincePollMs, POLL_MS);
    one.isHeard = false;
    if (one.end !== null) return;
    if (!isTooSilent(one.silence, silentAfterMs(this.#options.silentS))) return;
    one.socket?.close();
    one.end = `silent for ${Math.round(one.silence.silentMs / MS_PER_SECOND)} s`;
  }

  /** A connection that carries messages, but not of all its books, is replaced like one that is too old. */
  #watch(
    line: Line,
    { at, nowMs, sincePollMs }: { at: number; nowMs: number; sincePollMs: number },
  ): void {
    const { period, current } = line;
    period.watched = silentPoll(period.watched, sincePollMs, POLL_MS);
    const { fruitless } = period;
    const doubled = 2 ** Math.min(fruitless, DOUBLINGS_MAX);
    const periodMs = PERIOD_SILENCES * silentAfterMs(this.#options.silentS) * doubled;
    if (!isTooSilent(period.watched, periodMs)) return;
    const lacking = this.#options.lacking(at, period.sinceMs);
    line.period = { sinceMs: nowMs, watched: HEARD, fruitless: 0 < lacking ? fruitless + 1 : 0 };
    if (lacking === 0 || current === null) return;
    current.renewAtMs = nowMs;
    const what = `nothing of ${lacking} books in ${Math.round(periodMs / MS_PER_SECOND)} s`;
    this.#options.say("warn", `a connection is opened anew: it brings ${what}`);
  }

  #judge(line: Line, nowMs: number): void {
    const { current, successor } = line;
    if (successor !== null && successor.end !== null) this.#lose(line, successor, nowMs);
    if (current !== null && current.end !== null) this.#lose(line, current, nowMs);
  }

  #lose(line: Line, lost: Connection, nowMs: number): void {
    line.failures = WELL_MS <= nowMs - lost.sinceMs ? 1 : line.failures + 1;
    const waitMs = reconnectWaitMs(line.failures, this.#options.chance());
    line.retryAtMs = nowMs + waitMs;
    this.#reconnects += 1;
    this.#trouble = lost.end;
    if (line.successor === lost) line.successor = null;
    else line.current = null;
    if (line.current !== null || line.isAway) return;
    // Its successor is there already, or its end is logged once.
    line.current = line.successor;
    line.successor = null;
    if (line.current !== null) return;
    line.isAway = true;
    const inS = (waitMs / MS_PER_SECOND).toFixed(1);
    this.#options.say("warn", `a connection ended: ${lost.end}; the next attempt is in ${inS} s`);
  }

  #openOne(line: Line, nowMs: number): Connection | null {
    const last = this.#attemptsMs.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - last < APART_MS || 0 < attemptWaitMs(this.#attemptsMs, nowMs)) return null;
    this.#attemptsMs.push(nowMs);
    this.#ids += 1;
    const made: Connection = {
      id: this.#ids,
      socket: null,
      isOpen: false,
      source: this.#options.venue,
      sinceMs: nowMs,
      isHeard: false,
      silence: HEARD,
      renewAtMs: nowMs + this.#options.renewMs(),
      end: null,
    };
    made.socket = this.#options.open(line.url, {
      onOpen: ({ isSimulated }) => {
        made.isOpen = true;
        made.isHeard = true;
        if (isSimulated) made.source = `simulated ${this.#options.venue}`;
      },
      onMessage: (bytes) => this.#hear(line, made, bytes),
      onEnd: (why) => {
        made.isOpen = false;
        made.end ??= why;
      },
    });
    return made;
  }

  #hear(line: Line, by: Connection, bytes: Uint8Array): void {
    by.isHeard = true;
    if (by === line.successor) {
      line.current?.socket?.close();
      line.current = by;
      line.successor = null;
    }
    if (line.isAway) {
      line.isAway = false;
      this.#options.say("info", "a connection is back");
    }
    this.#options.onMessage(bytes, { connection: by.id, source: by.source });
  }
}
