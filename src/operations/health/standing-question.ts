/**
 * A repeated request, never twice at a time, with its last result. Invariant: a source that was silent is still
 * asked, but not waited for until it has answered again.
 */
import { messageOf } from "../../domain/failure.ts";
import type { ServerObservation } from "../../domain/health/sensors/control-plane.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { listenFor } from "../status/patience.ts";

export class StandingQuestion<T> {
  readonly #ask: () => Promise<T>;
  readonly #allowedMs: number;
  #underWay: Promise<void> | null = null;
  #answer: { readonly value: T; readonly atMs: number; readonly ms: number } | null = null;
  #silence: { readonly sinceMs: number; readonly why: string | null } | null = null;

  /** `ask` has its own deadline, longer than `allowedMs`. */
  constructor(ask: () => Promise<T>, allowedMs: number) {
    this.#ask = ask;
    this.#allowedMs = allowedMs;
  }

  /** Resolves with the answer or at the deadline; at once where the last request was not answered either. */
  async ask(): Promise<void> {
    const heard = Promise.withResolvers<void>();
    if (this.#underWay === null) {
      this.#underWay = this.#run(heard.resolve).finally(() => {
        this.#underWay = null;
        heard.resolve();
      });
    } else {
      heard.resolve();
    }
    if (this.#silence === null) await heard.promise;
  }

  /** The last answer, if the last request was answered; else null. */
  value(): T | null {
    return this.#silence === null ? (this.#answer?.value ?? null) : null;
  }

  /** Age of the last answer; null before the first. */
  ageMs(): number | null {
    return this.#answer === null ? null : monotonicMs() - this.#answer.atMs;
  }

  poll(): ServerObservation {
    if (this.#silence !== null) {
      const sinceS = (monotonicMs() - this.#silence.sinceMs) / MS_PER_SECOND;
      return { kind: "silent", sinceS, why: this.#silence.why };
    }
    return this.#answer === null ? { kind: "unasked" } : { kind: "answered", ms: this.#answer.ms };
  }

  /** Resolves when no request is in progress. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async #run(heard: () => void): Promise<void> {
    const startedMs = monotonicMs();
    const question = this.#start();
    const first = await listenFor(question, this.#allowedMs);
    if (first.kind === "answered") return this.#answered(first.value, first.ms);
    const why = first.kind === "failed" ? reasonOf(first.error) : null;
    this.#silent(startedMs, why);
    heard();
    if (first.kind === "failed") return;
    try {
      this.#answered(await question, monotonicMs() - startedMs);
    } catch (error) {
      this.#silent(startedMs, reasonOf(error));
    }
  }

  async #start(): Promise<T> {
    return this.#ask();
  }

  /** Since the first unanswered request. */
  #silent(atMs: number, why: string | null): void {
    const { sinceMs = atMs, why: before = null } = this.#silence ?? {};
    this.#silence = { sinceMs, why: why ?? before };
  }

  #answered(value: T, ms: number): void {
    this.#answer = { value, atMs: monotonicMs(), ms };
    this.#silence = null;
  }
}

const REASON_CHARS_MAX = 200;

function reasonOf(error: unknown): string {
  return messageOf(error).slice(0, REASON_CHARS_MAX);
}
