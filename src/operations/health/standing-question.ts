/**
 * A question that is asked again and again, never twice at a time, and what came of it last.
 * Invariant: who was silent is asked on, and not waited for until he has answered.
 */
import { messageOf } from "../../domain/failure.ts";
import type { ServerLook } from "../../domain/health/sensors/control-plane.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { listenFor } from "../status/patience.ts";

export class StandingQuestion<T> {
  readonly #ask: () => Promise<T>;
  readonly #allowedMs: number;
  #underWay: Promise<void> | null = null;
  #answer: { readonly value: T; readonly atMs: number; readonly ms: number } | null = null;
  #silence: { readonly sinceMs: number; readonly why: string | null } | null = null;

  /** `ask` has a deadline of its own, beyond `allowedMs`. */
  constructor(ask: () => Promise<T>, allowedMs: number) {
    this.#ask = ask;
    this.#allowedMs = allowedMs;
  }

  /** Resolves with the answer or when it is due; at once where nobody answered the last time either. */
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

  /** What was answered last, if that is what was said the last time; null else. */
  value(): T | null {
    return this.#silence === null ? (this.#answer?.value ?? null) : null;
  }

  /** Since the last answer; null before the first. */
  ageMs(): number | null {
    return this.#answer === null ? null : monotonicMs() - this.#answer.atMs;
  }

  look(): ServerLook {
    if (this.#silence !== null) {
      const sinceS = (monotonicMs() - this.#silence.sinceMs) / MS_PER_SECOND;
      return { kind: "silent", sinceS, why: this.#silence.why };
    }
    return this.#answer === null ? { kind: "unasked" } : { kind: "answered", ms: this.#answer.ms };
  }

  /** Resolves when nothing is under way any more. */
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

  /** Since the first question that was not answered. */
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
