/**
 * The loop of the posture: reads all sources twice a second, decides, and publishes: to the trader by its local
 * socket, to others through Hazelcast while that answers. Invariant: nothing is waited for longer than half a round,
 * and a failed publication or save is retried.
 */
import type { PostureAuditLine, RestoredPosture } from "../../adapters/safety/posture-file.ts";
import type { TellTrader } from "../../adapters/safety/safety-readers.ts";
import { messageOf } from "../../domain/failure.ts";
import { lossFacts } from "../../domain/safety/loss-facts.ts";
import type { PostureRules } from "../../domain/safety/posture-rules.ts";
import type {
  ForewarnReading,
  HealthReading,
  Now,
  Readings,
} from "../../domain/safety/readings.ts";
import {
  beginPosture,
  haltPosture,
  isStricter,
  type KeptPosture,
  keptPostureOf,
  latchWords,
  type PostureState,
  resumePosture,
  stepPosture,
} from "../../domain/safety/step-posture.ts";
import { isoFromMs, MS_PER_SECOND } from "../../domain/time.ts";
import type { PostureFigures } from "../../wire/safety/watchdog-figures.ts";
import { type SafetyRequest, type SafetyView, WATCHDOG } from "../../wire/safety/safety-control.ts";

export const ROUND_MS = 500;
const PUBLISH_EVERY_MS = 1_000;
/** For changes that only move the bases of losses. */
const SAVE_BASE_EVERY_MS = 10_000;
const SAVE_AGAIN_MS = 2_000;
const IDS_MAX = 100;
/** Health reports every five seconds. */
const HEALTH_SAMPLE_MS = 5_000;

export type PostureLoopDeps = {
  readonly found: RestoredPosture;
  readonly rules: PostureRules;
  readonly isTraderWanted: boolean;
  readonly isHealthWanted: boolean;
  readonly tellTrader: TellTrader;
  readonly readHealth: () => HealthReading | null;
  readonly readForewarn: () => ForewarnReading | null;
  /** Rejects while Hazelcast does not accept it. */
  readonly publish: (state: PostureState) => Promise<void>;
  readonly save: (kept: KeptPosture, at: string) => void;
  readonly audit: (line: PostureAuditLine) => void;
  readonly now: () => Now;
  readonly say: (level: "info" | "warn" | "error", line: string) => void;
};

export type PostureRequest = Extract<SafetyRequest, { command: "halt" | "resume" }>;

export class PostureLoop {
  readonly #deps: PostureLoopDeps;
  #state: PostureState;
  #saved: KeptPosture | null = null;
  #savedAtMs = -Infinity;
  #publishedAtMs = -Infinity;
  #isPublishing = false;
  #isInRound = false;
  #trouble: string | null = null;
  #trader: SafetyView["trader"] = "silent";
  #hazelcast: SafetyView["hazelcast"] = "silent";
  #healthHeardMs: number;
  #lookedAt: string;
  readonly #ids: string[] = [];
  readonly #figures = {
    rounds: 0,
    rounds_failed: 0,
    trader_silent: 0,
    published: 0,
    publish_failed: 0,
    falls: 0,
    rises: 0,
    stops: 0,
  };

  constructor(deps: PostureLoopDeps) {
    this.#deps = deps;
    const now = deps.now();
    this.#state = beginPosture(deps.found.kept, now);
    this.#healthHeardMs = now.monotonicMs;
    this.#lookedAt = isoFromMs(now.wallMs);
    this.#keep(deps.found.kept);
  }

  /** Never rejects, and never runs twice at a time. */
  async round(): Promise<void> {
    if (this.#isInRound) return;
    this.#isInRound = true;
    this.#figures.rounds += 1;
    try {
      const readings = await this.#read();
      this.#forgivePause();
      const { now, rules } = this.#deps;
      const before = this.#state;
      this.#state = stepPosture(before, { readings, now: now() }, rules);
      this.#keep(before);
      if (isOther(before, this.#state)) await this.tell();
      else this.#publishWhenDue();
    } catch (error) {
      this.#figures.rounds_failed += 1;
      this.#deps.say("error", `a round failed: ${messageOf(error)}`);
    } finally {
      this.#isInRound = false;
    }
  }

  /** At once, to all destinations. */
  async tell(): Promise<void> {
    this.#publishedAtMs = -Infinity;
    this.#publishWhenDue();
    await this.#deps.tellTrader(this.#state);
  }

  /** A sentence that says what was done; throws where it was not. */
  obey(request: PostureRequest): string {
    if (this.#ids.includes(request.id)) return `${request.command} was done before`;
    const said = request.command === "halt" ? this.#halt(request) : this.#resume(request);
    this.#ids.push(request.id);
    if (IDS_MAX < this.#ids.length) this.#ids.shift();
    void this.tell();
    return said;
  }

  figures(): PostureFigures {
    return { ...this.#figures };
  }

  view(): Omit<SafetyView, "pid" | "started_at" | "duties" | "figures"> {
    const { posture, entries, reasons, latch } = this.#state;
    return {
      posture,
      entries,
      reasons,
      latch,
      at: this.#lookedAt,
      trader: this.#trader,
      hazelcast: this.#hazelcast,
      trouble: this.#trouble,
    };
  }

  /** What is wrong, in words; null where all is well. */
  ailment(): string | null {
    const { now, rules, isHealthWanted } = this.#deps;
    const { monotonicMs } = now();
    if (0 < this.#pausedMs()) return "the watchdog stands still";
    if (this.#trader === "silent") return "the trader does not answer";
    if (this.#trader === "older") return "the trader runs an older version";
    if (this.#trouble !== null) return "the posture cannot be saved";
    const isSilent = rules.healthAgeMsMax < monotonicMs - this.#healthHeardMs;
    return isHealthWanted && isSilent ? "health is silent" : null;
  }

  /** The facts for alerts. */
  facts(): Readonly<Record<string, number | string | boolean | null>> {
    const { posture, entries, latch } = this.#state;
    const { isHealthWanted, now } = this.#deps;
    const silentMs = this.#pausedMs() === 0 ? now().monotonicMs - this.#healthHeardMs : null;
    const silentS = silentMs === null ? null : silentMs / MS_PER_SECOND;
    return {
      posture,
      entries,
      "posture.latched": latch !== null,
      ...lossFacts(this.#state),
      "health.silent_s": isHealthWanted ? silentS : 0,
      "hazelcast.up": this.#hazelcast === "ok",
      "trader.up": this.#trader !== "silent",
    };
  }

  /** How long nothing was read, where that is too long for a round; else 0. */
  #pausedMs(): number {
    const { now, rules } = this.#deps;
    const gapMs = now().monotonicMs - this.#state.steppedMs;
    return rules.pauseMs < gapMs ? gapMs : 0;
  }

  /**
   * While this process was paused it received nothing; health may have been paused with it, and has to sample first.
   */
  #forgivePause(): void {
    const pausedMs = this.#pausedMs();
    if (pausedMs === 0) return;
    const { monotonicMs } = this.#deps.now();
    this.#healthHeardMs = Math.min(monotonicMs, this.#healthHeardMs + pausedMs + HEALTH_SAMPLE_MS);
  }

  async #read(): Promise<Readings> {
    const { tellTrader, readHealth, readForewarn, isTraderWanted, isHealthWanted, now } =
      this.#deps;
    const reading = await tellTrader(this.#state);
    const book = reading === "older" ? null : reading;
    if (reading === "older" && this.#trader !== "older") {
      this.#deps.say(
        "warn",
        "the trader runs an older version: restart it; until then it receives a halt as HIBERNATE",
      );
    }
    const unheard = isTraderWanted ? "silent" : "unwanted";
    if (reading === null && isTraderWanted) this.#figures.trader_silent += 1;
    this.#trader = reading === "older" ? "older" : reading === null ? unheard : "ok";
    const health = readHealth();
    const { monotonicMs, wallMs } = now();
    this.#lookedAt = isoFromMs(wallMs);
    if (health !== null && Math.abs(health.ageMs) <= this.#deps.rules.healthAgeMsMax) {
      this.#healthHeardMs = monotonicMs - Math.max(0, health.ageMs);
    }
    return {
      book: book ?? (isTraderWanted ? null : "unwanted"),
      health: isHealthWanted ? health : "unwanted",
      forewarn: readForewarn(),
    };
  }

  #halt({ by, reason, positions }: Extract<PostureRequest, { command: "halt" }>): string {
    const { now, audit } = this.#deps;
    const before = this.#state;
    const posture = positions === "close" ? "HIBERNATE" : "TURTLE";
    this.#state = haltPosture(before, { why: reason, by, posture }, now());
    const at = this.#state.latch?.at ?? "";
    // Trading stops whether or not that can be recorded.
    const unaudited = attempt(() => audit({ at, by, action: "halt", reason, posture }));
    this.#keep(before);
    const done =
      positions === "close"
        ? "stopped: no entries, and open positions are closed at the next fresh scan"
        : "stopped: no entries; open positions keep their exits";
    const said =
      unaudited === null ? done : `${done}; the audit could not be written: ${unaudited}`;
    if (this.#trouble === null) return said;
    const until =
      unaudited === null ? "only the audit log records it" : "it ends with this process";
    return `${said}; it could not be saved (${this.#trouble}): ${until}`;
  }

  #resume({ by, reason, stop }: Extract<PostureRequest, { command: "resume" }>): string {
    const { now, audit } = this.#deps;
    const before = this.#state;
    if (before.latch === null) return "nothing is stopped";
    if (stop !== undefined && stop !== before.latch.at) {
      throw new Error(`not resumed: since you looked it was ${latchWords(before.latch)}`);
    }
    const after = resumePosture(before);
    const at = isoFromMs(now().wallMs);
    audit({ at, by, action: "resume", reason, posture: after.posture });
    this.#state = after;
    this.#keep(before);
    const done = `resumed with ${after.posture}: entries are allowed again once all is well, and losses are counted from now on`;
    if (this.#trouble === null) return done;
    return `${done}; it could not be saved (${this.#trouble}): a restart may find it stopped`;
  }

  #publishWhenDue(): void {
    const { publish, now } = this.#deps;
    const { monotonicMs } = now();
    if (this.#isPublishing || monotonicMs - this.#publishedAtMs < PUBLISH_EVERY_MS - ROUND_MS / 2) {
      return;
    }
    this.#isPublishing = true;
    this.#publishedAtMs = monotonicMs;
    // An older trader ignores `entries`: only the posture itself stops its entries.
    const isMisread = this.#trader === "older" && this.#state.latch !== null;
    publish(isMisread ? { ...this.#state, posture: "HIBERNATE" } : this.#state)
      .then(
        () => this.#note("ok"),
        (error: unknown) => this.#note("silent", messageOf(error)),
      )
      .finally(() => (this.#isPublishing = false));
  }

  #note(hazelcast: SafetyView["hazelcast"], why = ""): void {
    this.#figures[hazelcast === "ok" ? "published" : "publish_failed"] += 1;
    if (hazelcast === this.#hazelcast) return;
    this.#hazelcast = hazelcast;
    if (hazelcast === "ok") this.#deps.say("info", "Hazelcast accepts the posture");
    else this.#deps.say("warn", `Hazelcast does not accept the posture: ${why}`);
  }

  #keep(before: Pick<PostureState, "posture" | "latch"> & Partial<PostureState>): void {
    const { say, audit, now } = this.#deps;
    const state = this.#state;
    const { latch } = state;
    if (isStricter(state.posture, before.posture)) this.#figures.falls += 1;
    if (isStricter(before.posture, state.posture)) this.#figures.rises += 1;
    const isStopped = latch !== null && latch !== before.latch;
    if (isStopped) this.#figures.stops += 1;
    if (isOther(before, state)) {
      const reasons = state.reasons.join("; ") || "all is well";
      const level = state.entries === "stop" ? "warn" : "info";
      say(level, `posture ${state.posture}, entries ${state.entries}: ${reasons}`);
    }
    if (isStopped && latch.by === WATCHDOG) {
      const { at, by, why: reason, posture } = latch;
      const unaudited = attempt(() => audit({ at, by, action: "stop", reason, posture }));
      if (unaudited !== null) say("error", `the audit could not be written: ${unaudited}`);
    }
    this.#saveWhenDue(now());
  }

  #saveWhenDue({ monotonicMs, wallMs }: Now): void {
    const kept = keptPostureOf(this.#state);
    const saved = this.#saved;
    const isGrave = saved === null || saved.posture !== kept.posture || saved.latch !== kept.latch;
    const sinceMs = monotonicMs - this.#savedAtMs;
    const isDue = isGrave
      ? this.#trouble === null || SAVE_AGAIN_MS <= sinceMs
      : saved.base !== kept.base && SAVE_BASE_EVERY_MS <= sinceMs;
    if (!isDue) return;
    this.#savedAtMs = monotonicMs;
    const trouble = attempt(() => this.#deps.save(kept, isoFromMs(wallMs)));
    if (trouble === null) this.#saved = kept;
    if (trouble !== this.#trouble) {
      if (trouble === null) this.#deps.say("info", "the posture is saved again");
      else this.#deps.say("error", `the posture cannot be saved: ${trouble}`);
    }
    this.#trouble = trouble;
  }
}

function isOther(before: Partial<PostureState>, after: PostureState): boolean {
  return before.posture !== after.posture || before.entries !== after.entries;
}

/** Null where it succeeded. */
function attempt(act: () => void): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
