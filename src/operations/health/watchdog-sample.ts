/**
 * The watchdog as health sees it: no supervisor keeps it, so only its socket can be asked. It counts from its first
 * answer, or once its socket file exists.
 */
import type { ServiceSample } from "../../domain/health/sample.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { WATCHDOG } from "../../wire/safety/safety-control.ts";
import { StandingQuestion } from "./standing-question.ts";
import { askWatchdog, wasWatched } from "../safety/ask-watchdog.ts";

/** A healthy one answers within this time, even on a busy machine. */
const ANSWER_MS = 900;
const CALL_DEADLINE_MS = 1_500;

export class WatchdogWitness {
  readonly question: StandingQuestion<unknown>;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.question = new StandingQuestion(
      () => askWatchdog(dataDir, { withinMs: CALL_DEADLINE_MS }),
      ANSWER_MS,
    );
  }

  /** Empty where it should not run, or was never started. */
  samples(): readonly ServiceSample[] {
    const ageMs = this.question.ageMs();
    if (ageMs === null && !wasWatched(this.#dataDir)) return [];
    const server = this.question.poll();
    if (server.kind === "unasked") return [];
    const about = { name: WATCHDOG, isWanted: true, restarts: null };
    const beatAgeS = ageMs === null ? null : ageMs / MS_PER_SECOND;
    if (server.kind === "answered") {
      const reason = "it answers on its socket";
      const verdict = { word: "Healthy", cause: "none", action: "none", reason } as const;
      return [{ ...about, phase: "running", verdict, beatAgeS }];
    }
    const reason = `it has not answered for ${Math.round(server.sinceS)} s; 'dolphin up' starts it again`;
    const verdict = { word: "Down", cause: "process", action: "none", reason } as const;
    return [{ ...about, phase: "absent", verdict, beatAgeS }];
  }
}
