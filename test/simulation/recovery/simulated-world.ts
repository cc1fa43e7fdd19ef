/**
 * The simulated world: upstream, mount, servers, clock, and the processes with the bridge's cursor. It stores when
 * things last happened; their age can be computed at any later second.
 */
import type { Blow, Hurt, Outage, ScriptEvent } from "./month-script.ts";

/** After an outage: a connection, a listing. */
const RESUMES_AFTER_S = 8;
const HANG_SAID_AFTER_S = 5;
const FILE_EVERY_S = 5;
const PUSHED_PER_S = 20;
const CLOCK_ROOT_S = 60;
const CLOCK_STEP_MIN_S = 30;
const WALL_START_MS = Date.UTC(2026, 0, 1);
/** What ages are held against: verdicts, feeds, the budget of blind listing; a second more, as some are beyond. */
const THRESHOLDS_S = [5, 10, 30, 60, 120, 180, 300].flatMap((limit) => [limit, limit + 1]);
const LONGEST_S = Math.max(...THRESHOLDS_S);

export type Cursor = {
  /** When the oldest file that lies unpushed was first seen by this process. */
  oldestS: number | null;
  settledS: number;
  listedS: number;
  /** When all that lay is pushed, once it can be. */
  caughtUpS: number | null;
};
export type Process = {
  readonly startedS: number;
  readonly hurt: Partial<Record<Blow, number>>;
  isUnseen: boolean;
  cursor: Cursor;
};

export class SimulatedWorld {
  nowS = 0;
  /** The newest scan that anybody has heard of. */
  pushedS = 0;
  readonly processes = new Map<Hurt, Process | null>();
  readonly #open = new Map<string, number>();
  /** When each outage ended last, and when the one that lasts began. */
  readonly #endedS = new Map<Outage, number>();
  readonly #begunS = new Map<Outage, number>();
  #clockS = 0;
  #clockSetBackS = -Infinity;

  take(event: ScriptEvent): void {
    if (event.kind === "clock") {
      this.#clockS += event.byS;
      if (event.byS <= -CLOCK_STEP_MIN_S) this.#clockSetBackS = this.nowS;
      return;
    }
    if (event.kind !== "begin" && event.kind !== "end") return;
    const { outage, kind } = event;
    const key = outage === "bad-starts" ? `${outage} ${event.service}` : outage;
    const before = this.#open.get(key) ?? 0;
    this.#open.set(key, Math.max(0, before + (kind === "begin" ? 1 : -1)));
    if (kind === "begin" && before === 0) this.#begunS.set(outage, this.nowS);
    if (kind === "end" && before === 1) this.#endedS.set(outage, this.nowS);
  }

  wallMs(): number {
    return WALL_START_MS + (this.nowS + this.#clockS) * 1_000;
  }

  is(outage: Outage, service?: Hurt): boolean {
    return 0 < (this.#open.get(service === undefined ? outage : `${outage} ${service}`) ?? 0);
  }

  get isClockOff(): boolean {
    return this.nowS - this.#clockSetBackS < CLOCK_ROOT_S;
  }

  archive(): "ok" | "hung" | "missing" {
    if (this.is("missing")) return "missing";
    const isSaid = HANG_SAID_AFTER_S <= this.nowS - (this.#begunS.get("hung") ?? this.nowS);
    return this.is("hung") && isSaid ? "hung" : "ok";
  }

  /** To what the world came in the time up to `toS`, in which nothing happened. */
  advance(toS: number): void {
    const process = this.processes.get("scan-bridge") ?? null;
    if (process !== null) this.#work(process, toS);
    this.nowS = toS;
  }

  spawn(): Process {
    const { nowS } = this;
    const cursor = { oldestS: null, settledS: nowS, listedS: nowS, caughtUpS: null };
    return { startedS: nowS, hurt: {}, isUnseen: false, cursor };
  }

  /** When what is true now may be otherwise, though nothing happens: only what grows older is asked for. */
  *crossings(): Iterable<number> {
    yield this.#clockSetBackS + CLOCK_ROOT_S;
    for (const endedS of this.#endedS.values()) yield endedS + RESUMES_AFTER_S;
    const stamps = [...this.#begunS.values()];
    const bridge = this.processes.get("scan-bridge") ?? null;
    const isPushing = bridge !== null && this.#canPush(bridge) && !this.is("upstream");
    if (!isPushing) stamps.push(this.pushedS);
    for (const process of this.processes.values()) {
      if (process !== null) stamps.push(...Object.values(process.hurt));
    }
    if (bridge !== null) {
      const { oldestS, settledS, listedS, caughtUpS } = bridge.cursor;
      if (!this.#canList(bridge)) stamps.push(listedS);
      if (!isPushing) stamps.push(settledS);
      if (oldestS !== null) stamps.push(oldestS);
      if (caughtUpS !== null) yield caughtUpS;
    }
    for (const stamp of stamps) {
      if (stamp + LONGEST_S < this.nowS) continue;
      for (const threshold of THRESHOLDS_S) yield stamp + threshold;
    }
  }

  #canList({ hurt }: Process): boolean {
    if (hurt.freeze !== undefined || hurt.wedge !== undefined) return false;
    return this.#hasResumed("hung") && this.#hasResumed("missing");
  }

  #canPush(process: Process): boolean {
    const isStuck = process.hurt["stuck-loop"] !== undefined;
    return !isStuck && this.#canList(process) && this.#hasResumed("hazelcast");
  }

  #work(process: Process, toS: number): void {
    const { nowS: fromS } = this;
    const { cursor } = process;
    if (!this.#canList(process)) return;
    cursor.listedS = toS;
    const isWritten = !this.is("upstream");
    if (!this.#canPush(process)) {
      if (isWritten) cursor.oldestS ??= fromS;
      cursor.caughtUpS = null;
      return;
    }
    if (cursor.oldestS !== null) {
      const files = (fromS - cursor.oldestS) / FILE_EVERY_S;
      cursor.caughtUpS ??= fromS + Math.ceil(files / PUSHED_PER_S);
      cursor.settledS = Math.min(toS, cursor.caughtUpS);
      if (cursor.caughtUpS <= toS) {
        this.pushedS = cursor.caughtUpS;
        cursor.oldestS = null;
        cursor.caughtUpS = null;
      }
    }
    if (!isWritten) return;
    cursor.settledS = toS;
    this.pushedS = toS;
  }

  #hasResumed(outage: Outage): boolean {
    return (
      !this.is(outage) && RESUMES_AFTER_S <= this.nowS - (this.#endedS.get(outage) ?? -Infinity)
    );
  }
}
