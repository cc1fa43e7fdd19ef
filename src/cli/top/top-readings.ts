/**
 * The readings of `dolphin top`: from a running `up` or worker, which has open connections, else over connections of
 * its own, opened when they are first needed.
 */
import type { Command } from "commander";
import { monotonicMs } from "../../adapters/clock.ts";
import { requestOfWatchdog } from "../../operations/safety/ask-watchdog.ts";
import { incidentsIn } from "../../wire/alerts/incident-requests.ts";
import type { SystemStatus } from "../../wire/system-status.ts";
import type { StatusReader } from "../../operations/status/open-status.ts";
import { askRunning } from "../quick/ask-running.ts";
import { questionIn } from "../quick/question.ts";
import type { TopReading } from "./top-frame.ts";

/** A process that has declined, or was silent, is not asked again for this long. */
const DECLINED_FOR_MS = 10_000;
const INCIDENTS_WITHIN_MS = 1_000;

export class TopReadings {
  readonly #command: Command;
  readonly #argv: readonly string[];
  #own: Promise<{ readonly reader: StatusReader; readonly dataDir: string }> | null = null;
  #askAgainMs = Number.NEGATIVE_INFINITY;

  constructor(command: Command) {
    const { config, dataDir } = command.optsWithGlobals<{ config?: string; dataDir?: string }>();
    this.#command = command;
    this.#argv = [
      ...(config === undefined ? [] : ["--config", config]),
      ...(dataDir === undefined ? [] : ["--data-dir", dataDir]),
      "status",
      "--json",
    ];
  }

  /** @throws {Error} for a wrong configuration. */
  async read(): Promise<TopReading> {
    const answered = await this.#answered();
    if (answered !== null) return answered;
    const { reader, dataDir } = await (this.#own ??= this.#open());
    const [status, incidents] = await Promise.all([reader.read(), incidentsOf(dataDir)]);
    return { status, via: "read", incidents };
  }

  async #answered(): Promise<TopReading | null> {
    const place = questionIn(this.#argv, { env: process.env, cwd: process.cwd() });
    if (place === null || monotonicMs() < this.#askAgainMs) return null;
    const [answer, incidents] = await Promise.all([
      askRunning(this.#argv),
      incidentsOf(place.dataDir),
    ]);
    if (answer === null || answer.out === "") {
      this.#askAgainMs = monotonicMs() + DECLINED_FOR_MS;
      return null;
    }
    const status: SystemStatus = JSON.parse(answer.out);
    return { status, via: "answered", incidents };
  }

  async #open() {
    const [{ openContext }, { statusOptions }, { openStatus }] = await Promise.all([
      import("../context.ts"),
      import("../status.ts"),
      import("../../operations/status/open-status.ts"),
    ]);
    const options = statusOptions(openContext(this.#command));
    return { reader: await openStatus(options), dataDir: options.dataDir };
  }
}

async function incidentsOf(dataDir: string): Promise<TopReading["incidents"]> {
  const asked = { command: "incidents", id: "top", facts: false };
  const answer = await requestOfWatchdog(dataDir, asked, {
    withinMs: INCIDENTS_WITHIN_MS,
  }).catch(() => null);
  const found = incidentsIn(answer?.data);
  return found === null ? null : { open: found.open, newest: found.incidents.toReversed() };
}
